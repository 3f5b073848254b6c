"""The stopwatch: an httpx transport that owns its sockets and stamps what they bring.

httpx keeps the request side (URL, headers, authentication, errors). From there on this
package connects, sends, reads with the kernel's time stamps and finds the end of the
reply; nobody takes the reply's content apart before it has ended.
"""
