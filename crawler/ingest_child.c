#include "crawler/ingest_child.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024, CANNOT_EXEC = 127 };

#define DENY(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

/* System calls that reach the network, other processes or the kernel's odd corners; by number of this machine. */
static const struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    DENY(SYS_socket),
    DENY(SYS_socketpair),
    DENY(SYS_connect),
    DENY(SYS_bind),
    DENY(SYS_ptrace),
    DENY(SYS_kill),
    DENY(SYS_tgkill),
    DENY(SYS_io_uring_setup),
    DENY(SYS_bpf),
    DENY(SYS_keyctl),
    DENY(SYS_unlinkat),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static void limit(int what, rlim_t v) {
    struct rlimit l = {v, v};
    setrlimit((__rlimit_resource_t)what, &l);
}

/* After fork() in a program with threads: system calls only. */
__attribute__((noreturn)) static void be_child(const struct ingest_child *c, int in, int out) {
    static char *const env[] = {NULL};
    struct sock_fprog program = {sizeof filter / sizeof *filter, (struct sock_filter *)(uintptr_t)filter};
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)!unshare(CLONE_NEWUSER | CLONE_NEWNET);
    limit(RLIMIT_AS, c->memory_bytes);
    limit(RLIMIT_CPU, (rlim_t)c->cpu_s);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, 32);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    bool ready = dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && null >= 0 && dup2(null, 2) >= 0 && chdir("/") == 0 &&
                 prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
    if (ready) execve(c->argv[0], (char *const *)(uintptr_t)c->argv, env);
    _exit(CANNOT_EXEC);
}

/* The input as a file without a name: it can be sought in, and nothing is left behind. */
static int input_file(struct slice bytes, struct buf *err) {
    int fd = memfd_create("villers-ingest", MFD_CLOEXEC);
    for (size_t at = 0; fd >= 0 && at < bytes.len;) {
        ssize_t n = write(fd, bytes.ptr + at, bytes.len - at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            close(fd);
            fd = -1;
        } else
            at += (size_t)n;
    }
    if (fd >= 0 && lseek(fd, 0, SEEK_SET) == 0) return fd;
    fail(err, ST_RETRY, "no room for a child's input: %s", strerror(errno));
    return -1;
}

/* Gather its output until it ends, passes the cap, or time is over. */
static enum ingest_child_end gather(int fd, int wall_ms, struct buf *out) {
    int64_t until = clock_mono_ms() + wall_ms;
    for (;;) {
        int64_t left = until - clock_mono_ms();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (left <= 0) return INGEST_CHILD_TIMEOUT;
        int r = poll(&p, 1, (int)left);
        if (r < 0 && errno != EINTR) return INGEST_CHILD_FAILED;
        if (r <= 0) continue;
        if (!buf_reserve(out, BLOCK)) return INGEST_CHILD_TOO_MUCH;
        ssize_t n = read(fd, out->data + out->len, BLOCK);
        if (n == 0) return INGEST_CHILD_OK;
        if (n < 0 && errno != EINTR) return INGEST_CHILD_FAILED;
        if (n > 0) out->len += (size_t)n;
        out->data[out->len] = '\0';
    }
}

static enum ingest_child_end end_of(int status, enum ingest_child_end so_far, const struct ingest_child *c, struct buf *err) {
    if (so_far != INGEST_CHILD_OK) return so_far;
    if (WIFSIGNALED(status)) {
        int sig = WTERMSIG(status);
        fail(err, ST_SKIP, "ended by signal %d (%s)", sig, strsignal(sig));
        return sig == SIGXCPU || sig == SIGKILL ? INGEST_CHILD_TIMEOUT : INGEST_CHILD_FAILED;
    }
    if (WEXITSTATUS(status) == 0) return INGEST_CHILD_OK;
    bool missing = WEXITSTATUS(status) == CANNOT_EXEC;
    fail(err, ST_SKIP, missing ? "%s cannot be run: is it installed?" : "%s could not read it", c->argv[0]);
    return missing ? INGEST_CHILD_CANNOT : INGEST_CHILD_FAILED;
}

enum ingest_child_end ingest_child_run(const struct ingest_child *c, struct buf *out, struct buf *err) {
    int pipes[2], status = 0;
    int in = input_file(c->input, err);
    if (in < 0) return INGEST_CHILD_CANNOT;
    if (pipe2(pipes, O_CLOEXEC) != 0) {
        close(in);
        return INGEST_CHILD_CANNOT;
    }
    pid_t pid = fork();
    if (pid == 0) be_child(c, in, pipes[1]);
    close(in);
    close(pipes[1]);
    enum ingest_child_end end = pid < 0 ? INGEST_CHILD_CANNOT : gather(pipes[0], c->wall_ms, out);
    close(pipes[0]);
    if (pid < 0) return end;
    if (end != INGEST_CHILD_OK) kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    return end_of(status, end, c, err);
}
