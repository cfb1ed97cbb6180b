/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/format.h"
#include <stdbool.h>
#include <string.h>

typedef struct magic {
  const char *bytes;
  size_t size;
  const char *format;
} magic;

static const magic magics[] = {
    {"GGUF", 4, "gguf"},
    {"PK\x03\x04", 4, "zip"}, /* also a PyTorch checkpoint and a Keras file */
    {"\x89HDF\r\n\x1a\n", 8, "hdf5"},
    {"\x93NUMPY", 6, "numpy"},
    {"\x1f\x8b", 2, "gzip"},
    {"\x7f"
     "ELF",
     4, "elf"},
};

/* safetensors: the size of a JSON header as 8 little-endian bytes, at most 100 MB and no more than
 * the file holds, then the header, an object whose first key or end follows at once. */
static bool is_safetensors(const uint8_t *head, size_t size, int64_t total) {
  if (size < 10 || head[8] != '{' || (head[9] != '"' && head[9] != '}')) return false;
  if (head[4] != 0 || head[5] != 0 || head[6] != 0 || head[7] != 0) return false;
  int64_t header =
      (int64_t)head[0] | (int64_t)head[1] << 8 | (int64_t)head[2] << 16 | (int64_t)head[3] << 24;
  return header >= 2 && header <= 100000000 && header <= total - 8;
}

/* pickle, protocol 2 to 5: PROTO opcode, then FRAME, or an opcode that opens a value. */
static bool is_pickle(const uint8_t *head, size_t size) {
  return size >= 3 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5;
}

/* ONNX is a protobuf ModelProto: field 1 (ir_version) as a small varint, then a length-delimited
 * field 2 (producer_name), 3 (producer_version), 4 (domain), 7 (graph) or 8 (opset_import). */
static bool is_onnx(const uint8_t *head, size_t size) {
  if (size < 3 || head[0] != 0x08 || head[1] == 0 || head[1] > 32) return false;
  return head[2] == 0x12 || head[2] == 0x1a || head[2] == 0x22 || head[2] == 0x3a ||
         head[2] == 0x42;
}

static bool is_json(const uint8_t *head, size_t size) {
  size_t i = 0;
  while (i < size && (head[i] == ' ' || head[i] == '\n' || head[i] == '\r' || head[i] == '\t')) i++;
  if (i == size || (head[i] != '{' && head[i] != '[')) return false;
  const char *next = head[i] == '{' ? "\"}" : "\"{[]-0123456789tfn";
  for (i++; i < size; i++) {
    if (head[i] == ' ' || head[i] == '\n' || head[i] == '\r' || head[i] == '\t') continue;
    return head[i] != '\0' && strchr(next, head[i]) != NULL;
  }
  return false;
}

const char *mri_format_of(const uint8_t *head, size_t size, int64_t total) {
  for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
    if (size >= magics[i].size && memcmp(head, magics[i].bytes, magics[i].size) == 0) {
      return magics[i].format;
    }
  }
  if (is_safetensors(head, size, total)) return "safetensors";
  if (is_pickle(head, size)) return "pickle";
  if (is_onnx(head, size)) return "onnx";
  if (is_json(head, size)) return "json";
  return "unknown";
}
