"""What a program may ask of the kernel: an allow list, and refusals within what it allows.

Names that are in no list are answered ENOSYS, as by an older kernel, so that programs fall back;
those that only an administrator may use are answered EPERM (the profile of containers-common).
"""

from __future__ import annotations

import errno
from dataclasses import dataclass

from cloche_engine.kernel import constants as k
from cloche_engine.kernel.seccomp import ALLOW, FilterBuilder, errno_action, masked_equal
from cloche_engine.kernel.seccomp_ranges import decided_by_ranges
from cloche_engine.kernel.syscalls import FilterProgram
from cloche_engine.sandbox.plan.rights import Rights

ALLOWED = tuple(
    """
    _llseek _newselect accept accept4 access alarm arch_prctl bind brk cachestat capget capset
    chdir chmod chown chown32 clock_adjtime clock_adjtime64 clock_getres clock_getres_time64
    clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 close close_range connect
    copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old
    epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve execveat exit
    exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod
    fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock
    fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate
    ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat
    get_mempolicy get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid
    getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername getpgid
    getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32
    getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr
    getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy
    io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl ioprio_get ioprio_set
    ipc kill landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lchown32
    lgetxattr link linkat listen listmount listxattr listxattrat llistxattr lremovexattr lseek
    lsetxattr lstat lstat64 madvise map_shadow_stack membarrier memfd_create memfd_secret mincore
    mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 modify_ldt mprotect mq_getsetattr
    mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64
    mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock munlockall munmap
    name_to_handle_at nanosleep newfstatat open openat openat2 pause personality pidfd_getfd
    pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll
    ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease pselect6 pselect6_time64
    pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recv recvfrom recvmmsg
    recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename renameat renameat2
    restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo
    rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo
    sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam
    sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity
    sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop
    semtimedop semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto
    set_robust_list set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid
    setgid32 setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid
    setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid setsockopt setuid
    setuid32 setxattr setxattrat shmat shmctl shmdt shmget shutdown sigaltstack signal signalfd
    signalfd4 sigpending sigprocmask sigreturn sigsuspend socketcall socketpair splice
    stat stat64 statfs statfs64 statmount statx symlink symlinkat sync sync_file_range syncfs
    sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime
    timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64
    timerfd_settime timerfd_settime64 times tkill truncate truncate64 ugetrlimit umask uname unlink
    unlinkat utime utimensat utimensat_time64 utimes vfork wait4 waitid waitpid write writev
    chroot ptrace process_vm_readv process_vm_writev process_madvise
    """.split()
)

REFUSED = tuple(
    """
    acct add_key adjtimex bpf clock_settime clock_settime64 create_module delete_module
    fanotify_init finit_module fsconfig fsmount fsopen fspick init_module ioperm iopl io_uring_enter
    io_uring_register io_uring_setup kcmp kexec_file_load kexec_load keyctl lookup_dcookie mbind
    migrate_pages mount mount_setattr move_mount move_pages nfsservctl open_by_handle_at open_tree
    perf_event_open pivot_root quotactl quotactl_fd reboot request_key set_mempolicy
    set_mempolicy_home_node setdomainname sethostname setns settimeofday stime swapoff swapon
    sysfs syslog umount umount2 unshare uselib userfaultfd ustat vhangup vm86 vm86old
    """.split()
)

ADMINISTRATION = tuple(
    """
    fsconfig fsmount fsopen fspick kcmp mbind migrate_pages mount mount_setattr move_mount
    move_pages open_tree pivot_root reboot set_mempolicy set_mempolicy_home_node setdomainname
    sethostname setns umount umount2 unshare vhangup
    """.split()
)
"""What systemd-nspawn lets a system use beyond that, in namespaces of its own."""

FURTHER = tuple(
    """
    arm_fadvise64_64 arm_sync_file_range cacheflush clone clone3 nice oldfstat oldlstat oldolduname
    oldstat olduname readdir riscv_flush_icache riscv_hwprobe set_tls sigaction swapcontext
    sync_file_range2 uretprobe vmsplice
    """.split()
)

_NAMESPACES = (
    k.CLONE_NEWNS | k.CLONE_NEWCGROUP | k.CLONE_NEWUTS | k.CLONE_NEWIPC | k.CLONE_NEWUSER
    | k.CLONE_NEWPID | k.CLONE_NEWNET
)  # fmt: skip
_CLONED_NAMESPACES = (k.CLONE_NEWUSER, k.CLONE_NEWNS, k.CLONE_NEWNET)
_LOW_HALF = 0xFFFF_FFFF
_AF_NETLINK, _AF_VSOCK = 16, 40
_NETLINK_AUDIT = 9
# clone takes its flags in the second argument on no architecture that we run on (s390 does).
_CLONE_FLAGS = 0


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of both kinds of containers."""

    application: tuple[FilterProgram, ...]
    system: tuple[FilterProgram, ...]

    def of(self, rights: Rights) -> tuple[FilterProgram, ...]:
        """Those of a container with these rights."""
        return self.system if rights.administers else self.application


def compile_filters() -> Filters:
    """Compile all of them; takes some ms, so once per process that starts containers."""
    return Filters(
        (_application(), _refusals(_CLONED_NAMESPACES)),
        (_system(), _refusals(())),
    )


def _application() -> FilterProgram:
    builder = _allow_list((*ALLOWED, "socket"), REFUSED)
    # clone3 hides its flags behind a pointer: ENOSYS makes libc fall back to clone.
    builder.rule(ALLOW, "clone", masked_equal(_CLONE_FLAGS, _NAMESPACES, 0))
    return _shortened(builder)


def _system() -> FilterProgram:
    allowed = (*ALLOWED, *ADMINISTRATION, *FURTHER, "socket")
    return _shortened(_allow_list(allowed, tuple(set(REFUSED) - set(allowed))))


def _shortened(builder: FilterBuilder) -> FilterProgram:
    """A fifth of the instructions: a start waits until the kernel has checked and translated it."""
    return FilterProgram(decided_by_ranges(builder.compile().code))


def _allow_list(allowed: tuple[str, ...], refused: tuple[str, ...]) -> FilterBuilder:
    builder = FilterBuilder(errno_action(errno.ENOSYS), errno_action(errno.ENOSYS))
    for name in allowed:
        builder.rule(ALLOW, name)
    for name in refused:
        builder.rule(errno_action(errno.EPERM), name)
    return builder


def _refusals(cloned: tuple[int, ...]) -> FilterProgram:
    """A second filter, because one rule cannot say "any request but these two".

    The kernel reads only the low half of an ioctl's request, so only that half is compared:
    TIOCSTI | 1 << 32 types into a terminal as well as TIOCSTI does.
    """
    builder = FilterBuilder(ALLOW, ALLOW)
    refused = errno_action(errno.EPERM)
    for request in (k.TIOCSTI, k.TIOCLINUX):
        builder.rule(refused, "ioctl", masked_equal(1, _LOW_HALF, request))
    builder.rule(refused, "socket", masked_equal(0, _LOW_HALF, _AF_VSOCK))
    # Audit knows no namespaces: without this answer PAM takes its refusal for one of the login.
    builder.rule(
        errno_action(errno.EAFNOSUPPORT),
        "socket",
        masked_equal(0, _LOW_HALF, _AF_NETLINK),
        masked_equal(2, _LOW_HALF, _NETLINK_AUDIT),
    )
    for flag in cloned:
        builder.rule(refused, "clone", masked_equal(_CLONE_FLAGS, flag, flag))
    return builder.compile()
