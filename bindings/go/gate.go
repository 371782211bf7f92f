// SPDX-License-Identifier: MIT

package aurora

import (
	"sync"
	"sync/atomic"
	"time"
)

// A gate knows who is inside a call on an object of C's: no call may begin once its end began, and
// the object goes when those under way have left.
type gate struct {
	inside atomic.Int64  // calls, and the bit shutting
	left   chan struct{} // the last call left while shutting
	done   chan struct{} // closed when the end begins
	once   sync.Once
}

const shutting = 1 << 62

func newGate() gate {
	return gate{left: make(chan struct{}, 1), done: make(chan struct{})}
}

func (g *gate) enter() bool {
	if g.inside.Add(1)&shutting != 0 {
		g.leave()
		return false
	}
	return true
}

func (g *gate) leave() {
	if g.inside.Add(-1) == shutting {
		select {
		case g.left <- struct{}{}:
		default:
		}
	}
}

func (g *gate) isShutting() bool { return g.inside.Load()&shutting != 0 }

// shut lets nobody in any more, wakes those that wait until all have left, and then ends the object.
// Who comes second waits for the first.
func (g *gate) shut(wake, end func()) {
	g.once.Do(func() {
		g.inside.Add(shutting)
		close(g.done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for g.inside.Load() != shutting {
			wake()
			select {
			case <-g.left:
			case <-tick.C: // a call that began to wait just after the wake
			}
		}
		end()
	})
}
