package npm

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// watch ends a request that takes too long. A document has one period in all.
// A stream has one period until its headers, then each further period must
// bring minProgress bytes: a large tarball over a slow line passes, a server
// that trickles bytes to hold us does not.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	period time.Duration
	stream bool
	end    time.Time
	got    atomic.Int64 // bytes since the last look

	mu       sync.Mutex
	timer    *time.Timer
	answered bool // a stream's headers came
	waiting  bool // for its turn, which is not the server's doing
}

// timeoutError says that we gave up; it is not the caller's context.
type timeoutError struct{ why string }

func (e *timeoutError) Error() string { return e.why }
func (e *timeoutError) Timeout() bool { return true }

func newWatch(parent context.Context, period time.Duration, stream bool) *watch {
	w := &watch{period: period, stream: stream, end: time.Now().Add(max(maxStreamTime, period))}
	w.ctx, w.cancel = context.WithCancelCause(parent)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(period, w.look)
	return w
}

// headers starts a stream's next period: an answer has begun.
func (w *watch) headers() {
	if w.stream {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.answered = true
		w.timer.Reset(w.period)
	}
}

// wait says whether the request waits for its turn.
func (w *watch) wait(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = on
	if !on {
		w.timer.Reset(w.period)
	}
}

// look is run at the end of each period.
func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	got := w.got.Swap(0)
	switch {
	case w.waiting:
	case !w.answered:
		w.cancel(&timeoutError{fmt.Sprintf("no complete answer within %s", w.period)})
	case got < minProgress:
		w.cancel(&timeoutError{fmt.Sprintf("stalled: %d bytes within %s, want %d", got, w.period, minProgress)})
	case time.Now().After(w.end):
		w.cancel(&timeoutError{fmt.Sprintf("no complete answer within %s", maxStreamTime)})
	default:
		w.timer.Reset(w.period)
	}
}

func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Stop()
	w.cancel(nil)
}
