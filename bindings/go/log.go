// SPDX-License-Identifier: MIT

package aurora

// #include "shim_log.h"
import "C"

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// LogLevel is how grave a line of log is.
type LogLevel int32

const (
	LogDebug   LogLevel = C.AURORA_LOG_DEBUG
	LogInfo    LogLevel = C.AURORA_LOG_INFO
	LogWarning LogLevel = C.AURORA_LOG_WARNING
	LogError   LogLevel = C.AURORA_LOG_ERROR
	LogFatal   LogLevel = C.AURORA_LOG_FATAL // the shop refuses every further command
)

// String is the level's name: "DEBUG" to "FATAL".
func (l LogLevel) String() string { return C.GoString(C.aurora_log_level_name(C.int32_t(l))) }

// A LogRecord is one line of log.
type LogRecord struct {
	At         time.Time
	Level      LogLevel
	Component  string // "engine", "store"
	Message    string // one line
	Attributes []Pair // what the message says as data: "aurora.order.id"
	Dropped    int    // records before this one that had no room
}

// A logPipe brings lines of log from the threads of the library to one goroutine. They write into a
// pipe and never wait; C never calls Go.
type logPipe struct {
	native *C.aurora_go_log
	reader *os.File
	level  LogLevel
	inside atomic.Value // the goroutine that calls the host's function, as goroutine gives it
	ended  chan struct{}

	handled    atomic.Uint64 // lines
	stuckAfter time.Duration // without a line handled
}

// Long for the slowest output: a function that takes this long for one line is thought to wait for Close.
const logStuckAfter = 10 * time.Second

func newLogPipe(level LogLevel, log func(LogRecord)) (*logPipe, error) {
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_CLOEXEC|syscall.O_NONBLOCK); err != nil {
		return nil, &Error{Op: "open", Code: ErrIO, Field: "log", cause: err}
	}
	p := &logPipe{native: (*C.aurora_go_log)(C.calloc(1, C.sizeof_aurora_go_log)), level: level,
		reader: os.NewFile(uintptr(fds[0]), "aurora log"), ended: make(chan struct{}),
		stuckAfter: logStuckAfter}
	p.native.fd = C.int(fds[1])
	go p.read(log)
	return p, nil
}

func (p *logPipe) attach(f *frame) *C.aurora_log {
	native := (*C.aurora_log)(f.alloc(C.sizeof_aurora_log))
	C.aurora_go_log_attach(p.native, native, C.int32_t(p.level))
	return native
}

// close is called when nobody writes any more: the reader ends behind the last line.
func (p *logPipe) close() {
	if p == nil {
		return
	}
	syscall.Close(int(p.native.fd))
	C.free(unsafe.Pointer(p.native))
}

// wait returns when the last line is handled, or with an error when the host's function is stuck in one.
func (p *logPipe) wait() error {
	if p == nil {
		return nil
	}
	for {
		before := p.handled.Load()
		timer := time.NewTimer(p.stuckAfter)
		select {
		case <-p.ended:
			timer.Stop()
			return nil
		case <-timer.C:
		}
		if p.handled.Load() == before {
			return &Error{Op: "close", Code: ErrTimeout, Field: "log",
				Message: fmt.Sprintf("its function has not returned for %v; the shop is closed", p.stuckAfter)}
		}
	}
}

func (p *logPipe) read(log func(LogRecord)) {
	defer close(p.ended)
	defer p.reader.Close()
	p.inside.Store(goroutine())
	in := bufio.NewReaderSize(p.reader, 1<<16)
	for {
		var head [4]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return
		}
		text := make([]byte, int(head[0])|int(head[1])<<8)
		if _, err := io.ReadFull(in, text); err != nil {
			return
		}
		log(recordOf(LogLevel(head[2]), string(text)))
		p.handled.Add(1)
	}
}

// isInside says whether the host's function calls, in which nobody can wait for it.
func (p *logPipe) isInside() bool { return p != nil && p.inside.Load() == goroutine() }

// goroutine is the number of the goroutine that calls: never that of another one. Go tells it in the
// first line of a stack alone, "goroutine 7 [running]:".
func goroutine() string {
	var line [64]byte
	return strings.Fields(string(line[:runtime.Stack(line[:], false)]))[1]
}

// recordOf takes a record apart: fields behind NULs, as shim_log.c writes them.
func recordOf(level LogLevel, text string) LogRecord {
	fields := strings.Split(text, "\x00")
	for len(fields) < 4 {
		fields = append(fields, "")
	}
	ms, _ := strconv.ParseInt(fields[0], 10, 64)
	dropped, _ := strconv.Atoi(fields[1])
	record := LogRecord{At: time.UnixMilli(ms).UTC(), Level: level, Component: fields[2],
		Message: fields[3], Dropped: dropped}
	for rest := fields[4:]; len(rest) >= 2; rest = rest[2:] {
		record.Attributes = append(record.Attributes, Pair{rest[0], rest[1]})
	}
	return record
}
