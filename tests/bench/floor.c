/* What a container with a user namespace and a veth cannot be quicker than: the system calls alone,
 * made on the spot, without hardening, limits that are read back, console service or records.
 *
 * floor ROOT OUTSIDE PROGRAM ARG...: runs PROGRAM in ROOT, the veth's outer end is called OUTSIDE.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/veth.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void put(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);
	if (file < 0 || write(file, text, strlen(text)) < 0)
		err(1, "%s", path);
	close(file);
}

struct message {
	struct nlmsghdr head;
	struct ifinfomsg link;
	char rest[512];
};

static struct rtattr *add(struct message *m, int kind, const void *data, int size)
{
	struct rtattr *a = (void *)((char *)m + NLMSG_ALIGN(m->head.nlmsg_len));
	a->rta_type = kind;
	a->rta_len = RTA_LENGTH(size);
	if (size)
		memcpy(RTA_DATA(a), data, size);
	m->head.nlmsg_len = NLMSG_ALIGN(m->head.nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

static void end(struct message *m, struct rtattr *a)
{
	a->rta_len = (char *)m + NLMSG_ALIGN(m->head.nlmsg_len) - (char *)a;
}

static void ask(struct message *m)
{
	char answer[4096];
	int link = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (link < 0 || send(link, m, m->head.nlmsg_len, 0) < 0 || recv(link, answer, sizeof answer, 0) < 0)
		err(1, "netlink");
	struct nlmsgerr *said = NLMSG_DATA((struct nlmsghdr *)answer);
	if (said->error)
		errx(1, "netlink: %s", strerror(-said->error));
	close(link);
}

static void veth(pid_t inside, const char *outside)
{
	struct message m = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
		.nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL },
		.link = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP } };
	struct ifinfomsg none = { 0 };
	unsigned pid = inside;
	add(&m, IFLA_IFNAME, outside, strlen(outside) + 1);
	struct rtattr *info = add(&m, IFLA_LINKINFO, NULL, 0);
	add(&m, IFLA_INFO_KIND, "veth", 4);
	struct rtattr *data = add(&m, IFLA_INFO_DATA, NULL, 0);
	struct rtattr *peer = add(&m, VETH_INFO_PEER, &none, sizeof none);
	add(&m, IFLA_IFNAME, "eth0", 5);
	add(&m, IFLA_NET_NS_PID, &pid, sizeof pid);
	end(&m, peer);
	end(&m, data);
	end(&m, info);
	ask(&m);
}

static void up(const char *name)
{
	struct message m = { .head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
		.nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.link = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP, .ifi_index = if_nametoindex(name) } };
	ask(&m);
}

static void become(const char *root, char **program)
{
	char old[] = ".";
	if (setgid(0) || setuid(0) || prctl(PR_SET_PDEATHSIG, SIGKILL) || sethostname("floor", 5))
		err(1, "identity");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount(root, root, NULL, MS_BIND | MS_REC, NULL))
		err(1, "bind");
	if (chdir(root) || mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		err(1, "proc");
	if (mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755,size=64k") || mkdir("dev/pts", 0755)
	    || mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666"))
		err(1, "dev");
	up("lo");
	up("eth0");
	if (syscall(SYS_pivot_root, old, old) || umount2(".", MNT_DETACH) || chdir("/"))
		err(1, "pivot_root");
	int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY);
	if (master < 0)
		err(1, "pty");
	execv(program[0], program);
	err(1, "%s", program[0]);
}

int main(int count, char **words)
{
	int told[2];
	char go, path[64];
	if (count < 4)
		errx(2, "usage: floor ROOT OUTSIDE PROGRAM ARG...");
	if (pipe2(told, O_CLOEXEC))
		err(1, "pipe");
	struct clone_args how = { .exit_signal = SIGCHLD, .flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID
		| CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET };
	pid_t child = syscall(SYS_clone3, &how, sizeof how);
	if (child < 0)
		err(1, "clone3");
	if (child == 0) {
		if (read(told[0], &go, 1) != 1)
			return 1;
		become(words[1], words + 3);
	}
	for (int map = 0; map < 2; map++) {
		snprintf(path, sizeof path, "/proc/%d/%cid_map", child, map ? 'g' : 'u');
		put(path, "0 1900000000 65536");
	}
	veth(child, words[2]);
	if (write(told[1], "g", 1) != 1)
		err(1, "pipe");
	pause();
	return 0;
}
