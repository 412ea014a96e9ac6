"""The containers of `--demo`: one of each kind and state that a reader may want to look at."""

from __future__ import annotations

from cloche_engine.api.errors import StartFailedError
from cloche_engine.api.fake import FakeEngine
from cloche_engine.api.model import State

_PLAIN = """\
<domain type='linuxcontainer'>
  <name>{name}</name>
  <title>{title}</title>
  <container>
{inside}
  </container>
{limits}</domain>
"""

_SHELL = "    <application>/bin/sh</application>"

_BROWNDOG = """\
    <filesystem type='mount'>
      <source dir='/srv/browndog/etc'/>
      <target dir='/etc'/>
    </filesystem>
    <filesystem type='mount'>
      <source dir='/srv/browndog/var'/>
      <target dir='/var'/>
    </filesystem>
    <!-- the network of the office -->
    <network hostname='browndog'>
      <ip address='192.168.1.110' netmask='255.255.255.0'>
        <gateway address='192.168.1.1'/>
        <nameserver address='192.168.1.1'/>
      </ip>
    </network>
    <application>/usr/sbin/container_init</application>"""

_WEB = """\
    <filesystem type='mount'>
      <source dir='/srv/roots/debian-12'/>
      <target dir='/'/>
    </filesystem>
    <filesystem type='mount'>
      <source dir='/srv/www'/>
      <target dir='/var/www'/>
      <readonly/>
    </filesystem>
    <application>/usr/sbin/nginx</application>
    <arg>-g</arg>
    <arg>daemon off;</arg>
    <env name='LANG'>C.UTF-8</env>
    <network hostname='web'>
      <ip address='10.20.0.2' netmask='255.255.255.0'>
        <gateway address='10.20.0.1'/>
      </ip>
    </network>"""

_DATABASE = """\
    <filesystem type='mount'>
      <source dir='/srv/roots/debian-12-postgres'/>
      <target dir='/'/>
    </filesystem>
    <application>/usr/lib/postgresql/15/bin/postgres</application>
    <arg>-D</arg>
    <arg>/var/lib/postgresql/15/main</arg>
    <user>postgres</user>
    <network hostname='database'>
      <ip address='10.20.0.3' netmask='255.255.255.0'>
        <gateway address='10.20.0.1'/>
      </ip>
    </network>"""

_BUILD = """\
    <filesystem type='mount'>
      <source dir='/srv/roots/builder'/>
      <target dir='/'/>
    </filesystem>
    <application>/bin/bash</application>"""


def demo() -> FakeEngine:
    """An engine with about six containers in various states."""
    engine = FakeEngine()
    _fill(engine)
    return engine


def _fill(engine: FakeEngine) -> None:
    limits = "  <cpushare>{}</cpushare>\n  <memory>{}</memory>\n"
    for name, title, inside, limit in (
        ("scratch", "A shell to try things in", _SHELL, ""),
        ("browndog", "The container of the 2008 proposal", _BROWNDOG, limits.format(40, 65536)),
        ("web", "Web server", _WEB, limits.format(1024, 262144)),
        ("database", "Database of the web server", _DATABASE, limits.format(2048, 1048576)),
        ("nightly-build", "Builds and tests at night", _BUILD, limits.format(256, 2097152)),
        ("old-mail", "Kept until the archive is checked", _BUILD, ""),
    ):
        text = _PLAIN.format(name=name, title=title, inside=inside, limits=limit)
        engine.put(text.encode())
    engine.arrange("scratch", State.RUNNING)
    engine.arrange("web", State.RUNNING)
    engine.arrange("database", State.PAUSED)
    engine.arrange("nightly-build", State.STOPPED, exit_code=2)
    failure = StartFailedError(
        "the source directory /srv/roots/builder does not exist",
        "make it, or choose another one in Settings",
    )
    engine.arrange("old-mail", State.FAILED, error=failure)
    engine.refuse_start("old-mail", failure)
