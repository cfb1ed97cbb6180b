// SPDX-License-Identifier: Apache-2.0

package modelreg

import "context"

// CancelOn makes a token that is triggered when ctx is done. A call that ends by it fails with an
// error that is [ErrCancelled] and also the error of ctx, such as [context.DeadlineExceeded].
//
// Call stop when the calls that carry the token are over: it lets go of ctx and closes the token. It
// may be called where CancelOn failed, too.
func CancelOn(ctx context.Context) (cancel *Cancel, stop func(), err error) {
	cancel, err = NewCancel()
	if err != nil {
		return nil, func() {}, err
	}
	cancel.owner.handle.until = ctx
	if ctx.Err() != nil {
		cancel.Trigger()
	}
	forget := context.AfterFunc(ctx, cancel.Trigger)
	return cancel, func() {
		forget()
		_ = cancel.Close()
	}, nil
}
