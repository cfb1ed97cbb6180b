// SPDX-License-Identifier: Apache-2.0

package modelreg

import (
	"context"
	"errors"
	"testing"
	"time"
)

// An error by a context is that of the context, too.
func TestCancelOn(t *testing.T) {
	w := makeWorld(t, OpenOptions{})
	expired, release := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer release()
	cancelled, end := context.WithCancel(context.Background())
	defer end()
	for ctx, want := range map[context.Context]error{
		expired: context.DeadlineExceeded, cancelled: context.Canceled,
	} {
		cancel, stop := mustCancelOn(t, ctx)
		if ctx == cancelled {
			ok(t, verify(w, cancel))
			end()
			for verify(w, cancel) == nil { // until the token is triggered
			}
		}
		err := verify(w, cancel)
		refused(t, err, ErrCancelled)
		equal(t, errors.Is(err, want), true)
		equal(t, errors.Is(err, context.Canceled) && errors.Is(err, context.DeadlineExceeded), false)
		stop()
		stop()
		refused(t, verify(w, cancel), ErrClosed)
	}
	never, stop := mustCancelOn(t, context.Background())
	ok(t, verify(w, never))
	never.Trigger() // not by its context
	err := verify(w, never)
	refused(t, err, ErrCancelled)
	equal(t, errors.Unwrap(err), nil)
	stop()
}

func mustCancelOn(t *testing.T, ctx context.Context) (*Cancel, func()) {
	t.Helper()
	cancel, stop, err := CancelOn(ctx)
	ok(t, err)
	return cancel, stop
}

func verify(w *world, cancel *Cancel) error {
	return w.dataset.Verify(w.folder+"/data", &VerifyOptions{Cancel: cancel})
}
