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
// release is noticed within one interval of being ready. An attempt begins
// within the budget or not at all, except a surface's first; one in flight when
// the budget ends is let finish.

// retryAfterCap bounds how long the registry may tell us to stay away.
const retryAfterCap = 5 * time.Minute

// lastTurn is how far beyond the budget the queue may put the last attempt.
const lastTurn = time.Second

// pace is what all the pollers of a run share.
type pace struct {
	interval time.Duration
	slots    chan struct{} // requests in flight

	mu   sync.Mutex
	next time.Time // when the next repeated request may start
}

// Repeated requests of a run start at least this far apart: a monorepo that
// waits asks the registry ten times a second at most.
const repeatSpacing = 100 * time.Millisecond

func newPace(interval time.Duration, inFlight int) *pace {
	return &pace{interval: interval, slots: make(chan struct{}, inFlight)}
}

// delay is how long to wait after attempt n, counted from 1.
func (p *pace) delay(n int) time.Duration {
	d := p.interval
	if n <= 4 {
		d = min(d, time.Second<<(n-1))
	}
	return d - rand.N(d/10+1)
}

// request runs ask when a slot is free.
func (p *pace) request(ctx context.Context, ask func(context.Context) error) error {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
		return ask(ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// queue returns how long a repeated request must wait for its turn.
func (p *pace) queue() time.Duration {
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

// patience is how long one surface is waited for.
type patience struct {
	start, until time.Time
	enough       <-chan struct{} // closed: what is known makes further attempts pointless
}

// poll asks until the answer is there, waiting cannot mend it, or patience ends.
// Each attempt's outcome is told to note.
func (p *pace) poll(ctx context.Context, w patience, ask func(context.Context) error, note func(Surface)) Surface {
	s := Surface{Asked: true}
	for {
		err := p.request(ctx, ask)
		s.Attempts++
		s.After = time.Since(w.start)
		if err == nil {
			s.Ready, s.Err = true, nil
			note(s)
			return s
		}
		if ctx.Err() != nil {
			if s.Err == nil {
				s.Err = ctx.Err()
			}
			note(s)
			return s
		}
		s.Err = err
		if !retryable(err) {
			s.Final = true
			note(s)
			return s
		}
		note(s)
		d := max(p.delay(s.Attempts), min(retryAfter(err), retryAfterCap))
		if time.Now().Add(d).After(w.until) {
			// One last look at the end of the budget, unless the registry asked to be left alone.
			d = time.Until(w.until)
			if d <= 0 || retryAfter(err) > d {
				return s
			}
		}
		if !sleep(ctx, w.enough, d) {
			return s
		}
		turn := p.queue()
		if time.Now().Add(turn).After(w.until.Add(lastTurn)) {
			return s
		}
		if !sleep(ctx, w.enough, turn) {
			return s
		}
	}
}

// sleep waits and reports whether it was let finish.
func sleep(ctx context.Context, enough <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-enough:
		return false
	case <-ctx.Done():
		return false
	}
}

func retryable(err error) bool {
	var e *npm.Error
	if errors.As(err, &e) {
		return e.Retryable()
	}
	var lag *lagError
	return errors.As(err, &lag)
}

func retryAfter(err error) time.Duration {
	var e *npm.Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}
