/* SPDX-License-Identifier: Apache-2.0 */
/* Moving a channel through its gate. */
#ifndef MRI_REGISTRY_CHANNEL_MOVE_H
#define MRI_REGISTRY_CHANNEL_MOVE_H

#include "registry/channel_change.h"
#include "registry/request_row.h"

/* Moves a channel within a transaction, as one call of mr_model_move_channel() would: request and
 * decision are kept. GATE_FAILED or GATE_PENDING, naming channel and rule, when its gate does not
 * pass: the transaction is then to be rolled back. */
mr_status mri_channel_move_now(mri_tx *tx, mr_model *model, const mri_channel_row *row,
                               int64_t version_id, const char *reason, int64_t now_us,
                               mr_error *error);

#endif
