/** A WebSocket whose server is the test. */
import type { ServerFrame } from '../api/types'

export class FakeSocket {
  static readonly OPEN = 1
  static all: FakeSocket[] = []

  /** The newest one; throws when none was opened. */
  static get last(): FakeSocket {
    const socket = FakeSocket.all.at(-1)
    if (!socket)
      throw new Error('no socket was opened')
    return socket
  }

  readyState = 1
  sent: string[] = []
  closedWith: number | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null

  constructor(readonly url: string) {
    FakeSocket.all.push(this)
  }

  get query(): URLSearchParams {
    return new URL(this.url).searchParams
  }

  send(text: string): void {
    this.sent.push(text)
  }

  close(code: number): void {
    this.closedWith = code
    this.readyState = 3
  }

  /** The server says something. */
  says(frame: ServerFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }

  /** The server hangs up. */
  hangsUp(code: number): void {
    this.readyState = 3
    this.onclose?.({ code })
  }
}
