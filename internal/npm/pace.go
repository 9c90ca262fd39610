package npm

import (
	"context"
	"sync"
	"time"
)

// pace spreads requests over time: so many a second, in bursts of at most one
// second's worth.
type pace struct {
	interval time.Duration // 0: no bound

	mu   sync.Mutex
	next time.Time // when the next request is due
}

func newPace(perSecond float64) *pace {
	p := &pace{}
	if perSecond > 0 {
		p.interval = time.Duration(float64(time.Second) / perSecond)
	}
	return p
}

// wait returns when one more request may be sent, or with the context's error.
func (p *pace) wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil || p.interval == 0 {
		return err
	}
	timer := time.NewTimer(p.reserve(time.Now()))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reserve takes the next place in the queue and returns how long it is away.
func (p *pace) reserve(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if burst := now.Add(min(p.interval-time.Second, 0)); p.next.Before(burst) {
		p.next = burst
	}
	delay := max(p.next.Sub(now), 0)
	p.next = p.next.Add(p.interval)
	return delay
}
