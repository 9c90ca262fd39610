package evidence

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"verify-npm-release/internal/npm"
)

// Waiting: at once, then after 1, 2, 4 and 8 seconds, then every poll interval
// less up to a tenth of it, so that the pollers of a monorepo spread out and a
// release is noticed within one interval of being ready. What is not there when
// the budget ends is looked at once more, just then. An attempt begins within
// the budget or not at all, except a surface's first: a manifest that comes at
// the last moment must still find its tarball. Whatever is in flight a grace
// after the budget is given up, so that a run ends within its budget and one
// request.

// grace is the time of one request beyond the budget: the client's own limit.
const grace = 30 * time.Second

// retryAfterCap bounds how long the registry may tell us to stay away.
const retryAfterCap = 5 * time.Minute

// repeatSpacing is how far apart the repeated requests of a run start: a
// monorepo that waits asks the registry ten times a second at most, and each of
// its releases less often than every poll interval where they are more than that.
const repeatSpacing = 100 * time.Millisecond

// errTimeUp is why a request that outlived the budget was given up.
var errTimeUp = errors.New("the time to wait ran out before an answer came")

// pace is what all the pollers of a run share.
type pace struct {
	interval time.Duration
	slots    chan struct{} // requests in flight

	mu   sync.Mutex
	next time.Time // when the next repeated request may start
}

func newPace(interval time.Duration, inFlight int) *pace {
	return &pace{interval: interval, slots: make(chan struct{}, inFlight)}
}

// delay is how long to wait after attempt n, counted from 1.
func (p *pace) delay(n int) time.Duration {
	if n <= 4 {
		return min(p.interval, time.Second<<(n-1))
	}
	return p.interval - rand.N(p.interval/10+1)
}

// turn takes the next place in the queue of repeated requests and returns how
// far away it is.
func (p *pace) turn() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	d := p.next.Sub(now)
	p.next = p.next.Add(repeatSpacing)
	return d
}

// poller asks for one surface of one release until it is there, waiting cannot
// mend it, or patience ends.
type poller struct {
	pace    *pace
	start   time.Time // of the run
	until   time.Time // no repeated attempt starts later
	n       int       // attempts since the clock started
	surface Surface
	enough  <-chan struct{}             // closed: further attempts are pointless for this release
	lost    <-chan struct{}             // closed: they are for every release
	idle    func()                      // called before each wait
	ask     func(context.Context) error // one attempt
	note    func(Surface)               // told the outcome of each attempt
}

// run polls to the end.
func (p *poller) run(ctx context.Context) Surface {
	for !p.attempt(ctx) && p.pause(ctx) {
	}
	return p.surface
}

// attempt asks once, when a slot is free, and reports whether that settled it.
func (p *poller) attempt(ctx context.Context) bool {
	var err error
	select {
	case p.pace.slots <- struct{}{}:
		err = p.ask(ctx)
		<-p.pace.slots
	case <-ctx.Done():
		err = ctx.Err()
	}
	s := &p.surface
	s.Asked = true
	s.After = time.Since(p.start)
	switch {
	case err == nil:
		s.Ready, s.Err = true, nil
	case ctx.Err() != nil && !final(err):
		// Our own end is no answer; what the registry said before is.
		if s.Err == nil {
			s.Err = context.Cause(ctx)
		}
	default:
		s.Err = err
		s.Final = final(err)
		s.Denied = s.Denied || s.Absent()
	}
	p.n++
	s.Attempts++
	p.note(*s)
	return s.Ready || s.Final || ctx.Err() != nil
}

// pause waits for the next attempt and reports whether there is to be one.
func (p *poller) pause(ctx context.Context) bool {
	wish := min(retryAfter(p.surface.Err), retryAfterCap)
	d, left := max(p.pace.delay(p.n), wish), time.Until(p.until)
	if d > left {
		if left <= 0 || wish > left {
			return false
		}
		d = left
	}
	p.idle()
	return sleep(ctx, d, p.enough, p.lost) && sleep(ctx, min(p.pace.turn(), time.Until(p.until)), p.enough, p.lost)
}

// sleep waits and reports whether it was let finish.
func sleep(ctx context.Context, d time.Duration, enough, lost <-chan struct{}) bool {
	t := time.NewTimer(max(d, 0))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-enough:
		return false
	case <-lost:
		return false
	case <-ctx.Done():
		return false
	}
}

// final reports whether an error is one that asking again cannot mend.
func final(err error) bool {
	if e, ok := errors.AsType[*npm.Error](err); ok {
		return !e.Retryable() && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	_, lag := errors.AsType[*lagError](err)
	return !lag
}

func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*npm.Error](err); ok {
		return e.RetryAfter
	}
	return 0
}
