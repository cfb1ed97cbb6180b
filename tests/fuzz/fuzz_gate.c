/* SPDX-License-Identifier: Apache-2.0 */
/* Gates: the text of a gate that was read reads as the same gate, with the same digest. */
#include "fuzz.h"

#include <modelreg/modelreg.h>
#include <stdlib.h>

static void take_text(mr_gate *gate, char **out) {
  mr_buffer *buffer = NULL;
  MUST(mr_gate_text(gate, &buffer, NULL) == MR_OK);
  size_t size = mr_buffer_size(buffer);
  *out = malloc(size + 1);
  MUST(*out != NULL);
  memcpy(*out, mr_buffer_data(buffer), size);
  (*out)[size] = '\0';
  mr_buffer_free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mr_error error = MR_ERROR_INIT;
  mr_gate *gate = NULL;
  mr_gate *again = NULL;
  const char *digests[2] = {NULL, NULL};
  char *texts[2] = {NULL, NULL};
  char *text = fuzz_text(data, size, 70000);
  if (text == NULL) return 0;
  mr_status status = mr_gate_parse(text, &gate, &error);
  free(text);
  if (status != MR_OK) {
    MUST(gate == NULL && error.status == status && error.message[0] != '\0');
    MUST(status == MR_INVALID_ARGUMENT || status == MR_LIMIT || status == MR_ALREADY_EXISTS);
    return 0;
  }
  take_text(gate, &texts[0]);
  MUST(mr_gate_parse(texts[0], &again, &error) == MR_OK);
  take_text(again, &texts[1]);
  MUST(strcmp(texts[0], texts[1]) == 0);
  MUST(mr_gate_digest(gate, &digests[0], NULL) == MR_OK);
  MUST(mr_gate_digest(again, &digests[1], NULL) == MR_OK);
  MUST(strcmp(digests[0], digests[1]) == 0);
  free(texts[0]);
  free(texts[1]);
  mr_gate_free(gate);
  mr_gate_free(again);
  return 0;
}
