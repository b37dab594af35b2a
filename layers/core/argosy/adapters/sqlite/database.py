"""One SQLite file in WAL mode, shared by threads and processes.

Writers of several processes take an advisory lock on a file beside the database before they begin a transaction. SQLite
alone would make a second writer poll with growing naps; the lock wakes it at once, and the kernel frees it when its
holder is killed.

A write is either *durable* (fsynced before it returns) or *ordered* (survives a killed process, and after a power cut the
file is as it was at some earlier commit, never with a hole). What came from outside is written durable; a step between two
of our own tables may be ordered, because losing it undoes the step whole and it is then done again with the same ids.
Durable writes wait for the disk outside of the locks, and one fsync serves all that were committed before it.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from argosy import formats
from argosy.adapters.sqlite.commits import Commits
from argosy.errors import Unavailable

__all__ = ["Database"]

# macOS has no fdatasync.
_fsync = getattr(os, "fdatasync", os.fsync)
_RESTART_BYTES = 64 * 1024 * 1024
_PASSIVE_BYTES = 4 * 1024 * 1024
_READER_KILOBYTES = 512
_PAGE_BYTES = 8192


class Database:
    """A connection for writing behind a lock, and one for each thread that reads at the same time.

    `background_checkpoints` leaves moving the log into the file to a caller of `checkpoint`, so that no commit pays for it.
    """

    def __init__(self, path: Path, schema: str, *, background_checkpoints: bool = False) -> None:
        self.path = path
        self._mutex = threading.RLock()
        self._read_mutex = threading.Lock()
        self._sync_mutex = threading.Lock()
        self._committed = self._synced = 0
        self._closed = False
        self._log_file: int | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock_file = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with self._locked():
                self.commits = Commits(self._lock_file)
                self._writer = self._connect(background_checkpoints)
                self._take_over(schema)
            self._readers = [self._connect_reader()]
        except (sqlite3.Error, OSError) as x:
            raise Unavailable(
                f"cannot open the database {path}: {x}; is the folder writable and the disk not full?"
            ) from x

    def _take_over(self, schema: str) -> None:
        """Make the file this release's; what a newer one wrote is left alone."""
        try:
            (found,) = self._writer.execute("PRAGMA user_version").fetchone()
            formats.check(found, formats.ROWS, f"the database {self.path}")
            self._writer.executescript(f"{schema} PRAGMA user_version={formats.ROWS};")
        except BaseException:
            self._writer.close()
            raise

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction: committed when the block ends, rolled back when it raises.

        Raises Unavailable when SQLite cannot write (disk full, file gone); errors of the block itself pass through.
        """
        with self._mutex:
            if self._closed:
                raise Unavailable(f"{self.path} is closed")
            with self._locked():
                self.commits.begin()
                try:
                    self._writer.execute("BEGIN IMMEDIATE")
                    yield self._writer
                    self._writer.execute("COMMIT")
                except BaseException as x:
                    self._roll_back()
                    if isinstance(x, sqlite3.Error):
                        raise Unavailable(f"cannot write {self.path}: {x}") from x
                    raise
                finally:
                    self.commits.end()
            self._committed += 1
        if durable:
            self.sync()

    def sync(self) -> None:
        """Make everything that was committed so far durable: the log is all that SQLite would fsync too."""
        wanted = self._committed
        with self._sync_mutex:
            if self._synced >= wanted:
                return
            if self._closed:
                raise Unavailable(f"{self.path} is closed")
            reached = self._committed
            try:
                if self._log_file is None:
                    self._log_file = os.open(self.path.with_name(self.path.name + "-wal"), os.O_RDWR | os.O_CLOEXEC)
                _fsync(self._log_file)
            except OSError as x:
                raise Unavailable(f"cannot write {self.path}-wal: {x}") from x
            self._synced = reached

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query on the last committed state. Raises Unavailable."""
        if self._closed:
            raise Unavailable(f"{self.path} is closed")
        try:
            with self._reader() as connection:
                return connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as x:
            raise Unavailable(f"cannot read {self.path}: {x}") from x

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        """One that nobody reads with: a thread that waits for the interpreter in the middle of a query holds up no other."""
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = self._connect_reader()
        try:
            yield connection
        finally:
            with self._read_mutex:
                if self._closed:
                    connection.close()
                else:
                    self._readers.append(connection)

    def checkpoint(self) -> None:
        """Move the log into the file when it has grown; stops writers only when it has grown far."""
        log = self.path.with_name(self.path.name + "-wal")
        size = log.stat().st_size if log.exists() else 0
        if size < _PASSIVE_BYTES:
            return
        try:
            # A connection of its own: readers and writers of this process need not wait for the disk.
            with closing(self._connect(background_checkpoints=True)) as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                if size > _RESTART_BYTES:
                    with self._mutex, self._locked():
                        connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        except sqlite3.Error as x:
            raise Unavailable(f"cannot checkpoint {self.path}: {x}") from x

    def close(self) -> None:
        """Close all connections; calling it twice does nothing."""
        with self._mutex, self._sync_mutex, self._read_mutex:
            if not self._closed:
                self._closed = True
                for connection in (*self._readers, self._writer):
                    connection.close()
                self.commits.close()
                os.close(self._lock_file)
                if self._log_file is not None:
                    os.close(self._log_file)

    def _connect(self, background_checkpoints: bool) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, timeout=30, cached_statements=256
        )
        try:
            self.path.chmod(0o600)
            # Of a new file: rows of a kilobyte, as most are, would leave the table's own pages of the usual 4096 bytes.
            connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            if background_checkpoints:
                connection.execute("PRAGMA wal_autocheckpoint=0")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _connect_reader(self) -> sqlite3.Connection:
        connection = self._connect(background_checkpoints=True)
        connection.execute(f"PRAGMA cache_size=-{_READER_KILOBYTES}")
        return connection

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX)
        except OSError as x:
            raise Unavailable(f"cannot lock {self.path}: {x}") from x
        try:
            yield
        finally:
            fcntl.flock(self._lock_file, fcntl.LOCK_UN)
