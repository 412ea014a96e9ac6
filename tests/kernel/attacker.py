"""Programs that try to get out of a container, in Python; they print what they achieved."""

from __future__ import annotations

BECOME = """
import ctypes, errno, os, signal, sys

user = int(sys.argv.pop(1))
if user:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
"""
"""Become the user that the first word says; before it all is imported, also from root's home."""

LOOK = """
import ctypes, errno, os, signal, sys

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
SEIZE, GETFD, OWN = 0x4206, 438, os.getpid()
PLACES = {"mem": os.O_RDWR, "environ": 0, "exe": 0, "cwd": 0, "root": 0, "fd": 0, "map_files": 0}

def read(pid, name):
    with open(f"/proc/{pid}/{name}") as file:
        return file.read()

def granted(result):
    "EFAULT and EBADF are said after a look at the rights of who asks."
    return result >= 0 or ctypes.get_errno() in (errno.EFAULT, errno.EBADF)

def traces(pid):
    "Asked by a child: with it the tracing ends."
    child = os.fork()
    if child == 0:
        os._exit(libc.ptrace(SEIZE, pid, 0, 0) != 0)
    return os.waitpid(child, 0)[1] == 0

def look(pid):
    "What of a process can be reached."
    for place, flags in PLACES.items():
        try:
            os.close(os.open(f"/proc/{pid}/{place}", flags))
            yield place
        except OSError:
            pass
    there = (ctypes.c_long * 2)(8, 8)
    if granted(libc.process_vm_writev(pid, there, 1, there, 1, 0)):
        yield "process_vm_writev"
    pidfd = os.pidfd_open(pid)
    if granted(libc.syscall(ctypes.c_long(GETFD), pidfd, 0, 0)):
        yield "pidfd_getfd"
    os.close(pidfd)
    if traces(pid):
        yield "ptrace"

"""
"""What can be reached of a process: its memory, its files, its rule."""

SPY = (
    LOOK
    + """
def catch(pid):
    "What can be reached of one that is still on its way in; None where it is none, or gone."
    os.kill(pid, signal.SIGSTOP)
    try:
        while read(pid, "stat").rpartition(")")[2].split()[0] not in "tTZX":
            pass
        return set(look(pid)) if read(pid, "comm").startswith("cloche") else None
    finally:
        os.kill(pid, signal.SIGCONT)

print("watching", flush=True)
caught, known = 0, set()
while caught < int(sys.argv[1]):
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        if int(pid) != OWN:
            try:
                found = catch(int(pid))
            except OSError:
                continue
            if found is not None:
                caught, known = caught + 1, known | found
print("caught", caught, "opened", *sorted(known), flush=True)
"""
)
"""Stops whoever is on its way in, so many times, and tries to look into it."""

CALLS = """
import ctypes, mmap, os, platform, signal, sys

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
NEWUSER = 0x10000000
# name, number of x86_64, of i386, arguments that do no harm even where the call is granted
CALLS = [
    ("unshare", 272, 310, (NEWUSER,)), ("clone3", 435, 435, (0, 0)), ("fsopen", 430, 430, (0, 0)),
    ("fsconfig", 431, 431, (-1, 99, 0, 0, 0)), ("io_uring_setup", 425, 425, (0, 0)),
    ("bpf", 321, 357, (99, 0, 0)), ("userfaultfd", 323, 374, (0x7ff,)),
    ("keyctl", 250, 288, (99, 0, 0, 0, 0)), ("add_key", 248, 286, (0, 0, 0, 0, 0)),
    ("request_key", 249, 287, (0, 0, 0, 0)), ("perf_event_open", 298, 336, (0, 0, -1, -1, 0)),
    ("open_by_handle_at", 304, 342, (-1, 0, 0)), ("kexec_load", 246, 283, (0, 9999, 0, 0)),
    ("init_module", 175, 128, (0, 0, 0)), ("finit_module", 313, 350, (-1, 0, 0)),
    ("delete_module", 176, 129, (0, 0)), ("mount", 165, 21, (0, 0, 0, 0, 0)),
    ("setns", 308, 346, (-1, 0)), ("pivot_root", 155, 217, (0, 0)), ("swapon", 167, 87, (0, 0)),
]
# push rbx; mov eax, edi; mov ebx, esi; int 0x80; cdqe; pop rbx; ret
STUB = bytes.fromhex("53" "89f8" "89f3" "cd80" "4898" "5b" "c3")

def native(number, arguments):
    done = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
    return 0 if done >= 0 else ctypes.get_errno()

def x32(number, arguments):
    return native(number | 0x40000000, arguments)

def i386(number, arguments):
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(STUB)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    call = ctypes.CFUNCTYPE(ctypes.c_long, *[ctypes.c_int] * 4)(address)
    one, two, three = (*arguments, 0, 0, 0)[:3]
    done = call(number, one, three, two)
    return 0 if done >= 0 else -done

def answer(abi, number, arguments):
    "In a process of its own: some end whoever asks."
    child = os.fork()
    if child == 0:
        os._exit(abi(number, arguments) & 0xff)
    status = os.waitpid(child, 0)[1]
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)

for name, number, old, arguments in CALLS:
    print(name, answer(native, number, arguments), answer(x32, number, arguments),
          answer(i386, old, arguments))
# TIOCSTI and TIOCLINUX, plain and with bits that the kernel does not read
for request in (0x5412, 0x541c):
    letter = ctypes.create_string_buffer(b"x")
    plain = answer(native, 16, (0, request, ctypes.addressof(letter)))
    high = answer(native, 16, (0, request | 1 << 32, ctypes.addressof(letter)))
    print(hex(request), plain, high, answer(i386, 54, (0, request, 0)))
print("getpid", answer(native, 39, ()), answer(x32, 39, ()), answer(i386, 20, ()))
"""
"""Asks for what the kernel's own faults have been reached by, in the three ABIs of x86."""

WRITES = """
import os, sys

written = []
for top in sys.argv[1:]:
    for folder, names, files in os.walk(top):
        for name in files:
            path = os.path.join(folder, name)
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
                written.append(path)
            except OSError:
                pass
        try:
            os.mkdir(os.path.join(folder, "made"))
            written.append(folder)
            os.rmdir(os.path.join(folder, "made"))
        except OSError:
            pass
print(len(written), *written[:5])
"""
"""Opens everything below some folders for writing, and prints how much it could."""
