/* Streams tokens at exact times and writes down when it truly did.
 *
 *   truth_server TTFT_NS ITL_NS TOKENS LOG [CERTIFICATE_PEM]
 *
 * One thread, one epoll. A request is dated by the kernel's stamp of its last segment; token
 * k is due TTFT + k * ITL after that, by the clock and not by a sleep after token k - 1. The
 * instant right before each send is kept, per x-request-id. Prints its port; ends when its
 * standard input does and then writes LOG: per finished request, as 64-bit integers, id,
 * arrival, number of sends, sends (ns of CLOCK_MONOTONIC). With a certificate it speaks TLS;
 * the stamp of a send then lies between encryption and the send.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BILLION 1000000000LL
#define MAX_STREAMS 8192
#define REQUEST_BYTES 65536

typedef struct Stream {
    int fd, heap_at;
    int64_t due, arrival, id;
    int next, handshaken;
    int64_t *sent;
    size_t got;
    SSL *tls;
    char request[REQUEST_BYTES];
} Stream;

static int64_t ttft, itl;
static int tokens, listener, poller, heap_size;
static Stream *heap[MAX_STREAMS + 1];
static SSL_CTX *context;
static int64_t *book;
static size_t booked, book_room;

static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n";
static const char TOKEN[] =
    "data: {\"id\":\"chatcmpl-truth\",\"object\":\"chat.completion.chunk\",\"model\":\"truth\","
    "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},\"finish_reason\":null}]}\n\n";
static const char END[] =
    "data: {\"id\":\"chatcmpl-truth\",\"object\":\"chat.completion.chunk\",\"model\":\"truth\","
    "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
static char token_chunk[512], end_chunk[512];
static int token_bytes, end_bytes;

static int64_t now_of(clockid_t clock) {
    struct timespec at;
    clock_gettime(clock, &at);
    return at.tv_sec * BILLION + at.tv_nsec;
}

static void die(const char *why) {
    perror(why);
    exit(1);
}

/* A binary heap by due time; heap_at 0 is "not in it". */
static void put(int at, Stream *stream) {
    heap[at] = stream;
    stream->heap_at = at;
}

static void settle(int at) {
    Stream *stream = heap[at];
    while (at > 1 && heap[at / 2]->due > stream->due) {
        put(at, heap[at / 2]);
        at /= 2;
    }
    for (;;) {
        int child = 2 * at;
        if (child > heap_size) break;
        if (child < heap_size && heap[child + 1]->due < heap[child]->due) child++;
        if (heap[child]->due >= stream->due) break;
        put(at, heap[child]);
        at = child;
    }
    put(at, stream);
}

static void schedule(Stream *stream) {
    if (!stream->heap_at) put(++heap_size, stream);
    settle(stream->heap_at);
}

static void unschedule(Stream *stream) {
    int at = stream->heap_at;
    if (!at) return;
    stream->heap_at = 0;
    Stream *last = heap[heap_size--];
    if (last == stream) return;
    put(at, last);
    settle(at);
}

static void hang_up(Stream *stream) {
    unschedule(stream);
    if (stream->tls) SSL_free(stream->tls);
    close(stream->fd);
    free(stream->sent);
    free(stream);
}

/* Returns the instant right before the send; 0 if the client does not take it all. */
static int64_t say(Stream *stream, const char *data, int bytes) {
    static char records[65536];
    if (stream->tls && data) SSL_write(stream->tls, data, bytes);
    if (stream->tls) {
        bytes = BIO_read(SSL_get_wbio(stream->tls), records, sizeof records);
        if (bytes <= 0) return 1;
        data = records;
    }
    int64_t at = now_of(CLOCK_MONOTONIC);
    return send(stream->fd, data, bytes, MSG_NOSIGNAL) == bytes ? at : 0;
}

static void write_down(const Stream *stream) {
    size_t need = booked + 3 + tokens;
    if (need > book_room) {
        book_room = 2 * need;
        book = realloc(book, book_room * sizeof *book);
        if (!book) die("realloc");
    }
    book[booked++] = stream->id;
    book[booked++] = stream->arrival;
    book[booked++] = tokens;
    memcpy(book + booked, stream->sent, tokens * sizeof *book);
    booked += tokens;
}

static void speak(Stream *stream) {
    int is_end = stream->next == tokens;
    int64_t at = is_end ? say(stream, end_chunk, end_bytes) : say(stream, token_chunk, token_bytes);
    if (!at) {
        hang_up(stream);
        return;
    }
    if (is_end) {
        unschedule(stream);
        write_down(stream);
        return;
    }
    stream->sent[stream->next++] = at;
    stream->due += itl;
    schedule(stream);
}

/* Takes the request if it is whole. */
static void answer(Stream *stream, int64_t arrival) {
    stream->request[stream->got] = 0;
    char *end = strstr(stream->request, "\r\n\r\n");
    if (!end) return;
    char *length = strcasestr(stream->request, "\r\ncontent-length:");
    size_t body = length ? strtoul(length + 17, NULL, 10) : 0;
    if (stream->got < (size_t)(end + 4 - stream->request) + body) return;
    char *id = strcasestr(stream->request, "\r\nx-request-id:");
    stream->id = id ? strtoll(id + 15, NULL, 10) : -1;
    stream->arrival = arrival;
    stream->got = 0;
    stream->next = 0;
    stream->due = arrival + ttft;
    if (say(stream, HEAD, sizeof HEAD - 1)) schedule(stream);
    else hang_up(stream);
}

static int64_t arrival_of(struct msghdr *message) {
    int64_t mono = now_of(CLOCK_MONOTONIC), lag = 0;
    int64_t wall = now_of(CLOCK_REALTIME);
    struct cmsghdr *control = CMSG_FIRSTHDR(message);
    if (control && control->cmsg_type == SCM_TIMESTAMPNS) {
        struct timespec stamp;
        memcpy(&stamp, CMSG_DATA(control), sizeof stamp);
        lag = wall - (stamp.tv_sec * BILLION + stamp.tv_nsec);
    }
    return mono - (lag > 0 ? lag : 0);
}

static void hear(Stream *stream) {
    char data[REQUEST_BYTES], control[64];
    struct iovec piece = {data, sizeof data};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1,
                             .msg_control = control, .msg_controllen = sizeof control};
    ssize_t bytes = recvmsg(stream->fd, &message, 0);
    if (bytes < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (bytes <= 0) {
        hang_up(stream);
        return;
    }
    int64_t arrival = arrival_of(&message);
    size_t room = REQUEST_BYTES - 1 - stream->got;
    if (!stream->tls) {
        size_t taken = (size_t)bytes < room ? (size_t)bytes : room;
        memcpy(stream->request + stream->got, data, taken);
        stream->got += taken;
    } else {
        BIO_write(SSL_get_rbio(stream->tls), data, bytes);
        if (!stream->handshaken) {
            stream->handshaken = SSL_do_handshake(stream->tls) == 1;
            say(stream, NULL, 0);
        }
        int plain;
        while (stream->handshaken && room &&
               (plain = SSL_read(stream->tls, stream->request + stream->got, room)) > 0) {
            stream->got += plain;
            room -= plain;
        }
    }
    answer(stream, arrival);
}

static void welcome(void) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        Stream *stream = calloc(1, sizeof *stream);
        stream->fd = fd;
        stream->sent = calloc(tokens, sizeof *stream->sent);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
        if (context) {
            stream->tls = SSL_new(context);
            SSL_set_bio(stream->tls, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
            SSL_set_accept_state(stream->tls);
        }
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = stream};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
    }
}

static void serve(void) {
    struct epoll_event events[256];
    for (;;) {
        struct timespec wait = {3600, 0};
        if (heap_size) {
            int64_t left = heap[1]->due - now_of(CLOCK_MONOTONIC);
            if (left < 0) left = 0;
            wait.tv_sec = left / BILLION;
            wait.tv_nsec = left % BILLION;
        }
        int count = epoll_pwait2(poller, events, 256, &wait, NULL);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == &listener) welcome();
            else if (!events[i].data.ptr) return; /* standard input has ended */
            else hear(events[i].data.ptr);
        }
        while (heap_size && heap[1]->due <= now_of(CLOCK_MONOTONIC)) speak(heap[1]);
    }
}

static void listen_somewhere(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(listener, (void *)&address, size) || listen(listener, 4096)) die("listen");
    getsockname(listener, (void *)&address, &size);
    poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listener};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    event.data.ptr = NULL;
    epoll_ctl(poller, EPOLL_CTL_ADD, 0, &event);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
}

static void speak_tls(const char *certificate) {
    context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_file(context, certificate, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, certificate, SSL_FILETYPE_PEM) != 1)
        die("certificate");
}

int main(int count, char **words) {
    if (count < 5) return 2;
    ttft = atoll(words[1]);
    itl = atoll(words[2]);
    tokens = atoi(words[3]);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1);
    token_bytes = sprintf(token_chunk, "%zx\r\n%s\r\n", sizeof TOKEN - 1, TOKEN);
    end_bytes = sprintf(end_chunk, "%zx\r\n%s\r\n0\r\n\r\n", sizeof END - 1, END);
    if (count > 5) speak_tls(words[5]);
    listen_somewhere();
    serve();
    FILE *log = fopen(words[4], "wb");
    if (!log || fwrite(book, sizeof *book, booked, log) != booked || fclose(log)) die(words[4]);
    return 0;
}
