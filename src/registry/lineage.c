/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cancel_token.h"
#include "registry/lineage_walk.h"
#include "registry/reference.h"
#include <assert.h>

struct mr_lineage {
  mr_registry *registry;
  mri_lineage_graph graph;
  mr_lineage_record record;
};

/* Where a walk starts, as far as the text tells. */
typedef struct origin {
  mr_lineage_kind kind;
  mri_digest digest;       /* DATASET */
  const char *run_id;      /* RUN */
  mri_reference reference; /* VERSION and CHANNEL */
} origin;

static mr_status parse_reference(const char *text, const char *what, mri_selector_kind kind,
                                 const char *form, mri_reference *out, mr_error *error) {
  mr_status status = mri_reference_parse(text, false, out, error);
  if (status != MR_OK) return mri_error_prefix(error, status, "%s", what);
  if (out->kind == kind) return MR_OK;
  return mri_error_set(error, MR_INVALID_ARGUMENT, "%s '%s' is not of the form %s", what, text,
                       form);
}

static mr_status parse_origin(const mr_lineage_options *o, origin *out, mr_error *error) {
  int named = (o->dataset_digest != NULL) + (o->run_id != NULL) + (o->version != NULL) +
              (o->channel != NULL);
  if (named != 1) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "a lineage starts from exactly one of dataset_digest, run_id, version and "
                         "channel, not %d of them",
                         named);
  }
  if (o->dataset_digest != NULL) {
    out->kind = MR_LINEAGE_KIND_DATASET;
    return mri_check_digest(o->dataset_digest, "dataset_digest", &out->digest, error);
  }
  if (o->run_id != NULL) {
    out->kind = MR_LINEAGE_KIND_RUN;
    out->run_id = o->run_id;
    return mri_check_id(o->run_id, "run_id", error);
  }
  if (o->version != NULL) {
    out->kind = MR_LINEAGE_KIND_VERSION;
    return parse_reference(o->version, "version", MRI_SELECT_EXACT, "model@number", &out->reference,
                           error);
  }
  out->kind = MR_LINEAGE_KIND_CHANNEL;
  return parse_reference(o->channel, "channel", MRI_SELECT_CHANNEL, "model@name", &out->reference,
                         error);
}

static mr_status check_range(const char *what, int64_t value, int64_t most, mr_error *error) {
  if (value >= 0 && value <= most) return MR_OK;
  return mri_error_set(error, MR_INVALID_ARGUMENT, "%s is %lld, not 0 to %lld", what,
                       (long long)value, (long long)most);
}

static mr_status check_options(const mr_lineage_options *options, mri_lineage_plan *plan,
                               origin *start, mr_error *error) {
  mr_lineage_options o;
  memset(start, 0, sizeof *start);
  mr_status status = mri_options_read(&o, sizeof o, options, "mr_lineage_options", error);
  if (status == MR_OK) status = parse_origin(&o, start, error);
  if (status == MR_OK &&
      (o.direction < MR_LINEAGE_DIRECTION_UPSTREAM || o.direction > MR_LINEAGE_DIRECTION_BOTH)) {
    status = mri_error_set(error, MR_INVALID_ARGUMENT, "direction %d is unknown", (int)o.direction);
  }
  if (status == MR_OK) status = check_range("depth", o.depth, MR_LINEAGE_MAX_DEPTH, error);
  if (status == MR_OK) status = check_range("limit", o.limit, MR_LIST_MAX_LIMIT, error);
  if (status == MR_OK) status = mri_check_cancel(o.cancel, error);
  if (status != MR_OK) return status;
  plan->direction = o.direction;
  plan->depth = o.depth == 0 ? MR_LINEAGE_DEFAULT_DEPTH : o.depth;
  plan->limit = o.limit == 0 ? MR_LIST_DEFAULT_LIMIT : o.limit;
  plan->cancel = o.cancel;
  return MR_OK;
}

/* "model@number", with the build metadata that the version has. */
static mr_status find_version(mri_tx *tx, const mri_reference *reference, mri_str *name,
                              int64_t *id, mr_error *error) {
  int64_t model_id = 0;
  mri_stmt *stmt = NULL;
  bool found = false;
  mr_status status = mri_model_find(tx, reference->model, &model_id, error);
  if (status == MR_OK) {
    status = mri_version_find(tx, model_id, reference->model, &reference->number, id, error);
  }
  if (status == MR_OK) {
    status = mri_sql_first(tx, error, &stmt, &found, "SELECT number FROM version WHERE id = ?1",
                           "i", *id);
  }
  if (status != MR_OK) return status;
  assert(found);
  mri_str_addf(name, "%s@%s", reference->model, mri_stmt_text(stmt, 0));
  mri_stmt_done(stmt);
  return MR_OK;
}

static mr_status find_channel(mri_tx *tx, const mri_reference *reference, mri_str *name,
                              int64_t *id, mr_error *error) {
  int64_t model_id = 0;
  mr_status status = mri_model_find(tx, reference->model, &model_id, error);
  if (status == MR_OK) {
    status =
        mri_sql_int(tx, error, 0, id, "SELECT id FROM channel WHERE model_id = ?1 AND name = ?2",
                    "it", model_id, (const char *)reference->channel);
  }
  if (status == MR_OK && *id == 0) {
    status = mri_error_set(error, MR_NOT_FOUND, "model '%s' has no channel '%s'", reference->model,
                           reference->channel);
  }
  mri_str_addf(name, "%s@%s", reference->model, reference->channel);
  return status;
}

/* The first node of the graph. */
static mr_status find_start(mri_tx *tx, const origin *start, mri_lineage_graph *graph,
                            mr_error *error) {
  mri_str name;
  mri_run_row run;
  char hex[MRI_DIGEST_TEXT];
  int64_t id = 0;
  mr_status status = MR_OK;
  mri_str_init(&name, graph->mem);
  if (start->kind == MR_LINEAGE_KIND_DATASET) {
    mri_digest_text(&start->digest, hex);
    mri_str_add(&name, hex);
  } else if (start->kind == MR_LINEAGE_KIND_RUN) {
    status = mri_run_find(tx, start->run_id, &run, error);
    if (status == MR_OK) id = run.id;
    mri_str_add(&name, start->run_id);
  } else if (start->kind == MR_LINEAGE_KIND_VERSION) {
    status = find_version(tx, &start->reference, &name, &id, error);
  } else {
    status = find_channel(tx, &start->reference, &name, &id, error);
  }
  const char *text = mri_str_text(&name);
  if (status == MR_OK &&
      (text == NULL || mri_lineage_add_node(graph, start->kind, id, text) == MRI_LINEAGE_NOWHERE)) {
    status = mri_error_no_memory(error);
  }
  mri_str_free(&name);
  return status;
}

static mr_lineage *new_lineage(mr_registry *registry) {
  mr_lineage *lineage = mri_mem_zalloc(&registry->mem, 1, sizeof *lineage);
  if (lineage == NULL) return NULL;
  lineage->registry = mri_registry_ref(registry);
  mri_lineage_graph_init(&lineage->graph, &registry->mem);
  lineage->record.struct_size = sizeof lineage->record;
  return lineage;
}

static mr_status fill(mri_tx *tx, const origin *start, const mri_lineage_plan *plan,
                      mr_lineage *lineage, mr_error *error) {
  bool truncated = false;
  mri_lineage_graph *graph = &lineage->graph;
  mr_status status = find_start(tx, start, graph, error);
  if (status == MR_OK) status = mri_lineage_walk(tx, graph, plan, &truncated, error);
  if (status != MR_OK) return status;
  const mri_lineage_node *first = mri_vec_at(&graph->nodes, 0);
  lineage->record.start_kind = first->kind;
  lineage->record.start = first->name;
  lineage->record.edge_count = (int64_t)graph->edges.count;
  lineage->record.node_count = (int64_t)graph->nodes.count;
  lineage->record.truncated = truncated;
  return MR_OK;
}

mr_status mr_registry_lineage(mr_registry *registry, const mr_lineage_options *options,
                              mr_lineage **out_lineage, mr_error *error) {
  origin start;
  mri_lineage_plan plan;
  mri_tx *tx = NULL;
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_check_argument(options, "options", error);
  if (status == MR_OK) status = mri_check_argument(out_lineage, "out_lineage", error);
  if (status == MR_OK) status = check_options(options, &plan, &start, error);
  if (status == MR_OK) status = mri_call_begin(registry, MRI_TX_READ, plan.cancel, &tx, error);
  if (status != MR_OK) return status;
  mr_lineage *lineage = new_lineage(registry);
  status = lineage == NULL ? mri_error_no_memory(error) : fill(tx, &start, &plan, lineage, error);
  status = mri_call_end(registry, tx, status, error);
  if (status == MR_OK) *out_lineage = lineage;
  if (status != MR_OK) mr_lineage_free(lineage);
  return status;
}

const mr_lineage_record *mr_lineage_info(const mr_lineage *lineage) {
  return lineage == NULL ? NULL : &lineage->record;
}

int64_t mr_lineage_count(const mr_lineage *lineage) {
  return lineage == NULL ? 0 : (int64_t)lineage->graph.edges.count;
}

const mr_lineage_edge_record *mr_lineage_at(const mr_lineage *lineage, int64_t index) {
  if (index < 0 || index >= mr_lineage_count(lineage)) return NULL;
  return mri_vec_at(&lineage->graph.edges, (size_t)index);
}

void mr_lineage_free(mr_lineage *lineage) {
  if (lineage == NULL) return;
  mr_registry *registry = lineage->registry;
  mri_lineage_graph_destroy(&lineage->graph);
  mri_mem_free(&registry->mem, lineage);
  mri_registry_unref(registry);
}
