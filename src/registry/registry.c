/* SPDX-License-Identifier: Apache-2.0 */
#include "base/os_env.h"
#include "base/os_file.h"
#include "base/os_fork.h"
#include "registry/folder.h"
#include "registry/run_core.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_BUSY_TIMEOUT_MS INT64_C(86400000)

typedef struct open_request {
  mr_open_options options;
  mri_mem mem;
  char actor[MRI_NAME_MAX + 1];
} open_request;

static mr_status check_options(const char *uri, const mr_open_options *options, open_request *out,
                               mr_error *error) {
  mr_status status = mri_check_argument(uri, "uri", error);
  if (status == MR_OK) status = mri_check_local_path(uri, "uri", error);
  if (status == MR_OK) {
    status =
        mri_options_read(&out->options, sizeof out->options, options, "mr_open_options", error);
  }
  if (status == MR_OK)
    status = mri_options_reserved(out->options.reserved, "mr_open_options", error);
  if (status != MR_OK) return status;
  mr_open_options *o = &out->options;
  uint32_t known = MR_OPEN_CREATE | MR_OPEN_READ_ONLY | MR_OPEN_EXCLUSIVE | MR_OPEN_ALLOW_NETWORK |
                   MR_OPEN_MIGRATE;
  if ((o->flags & ~known) != 0) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "flags 0x%x of mr_open_options are unknown",
                         o->flags & ~known);
  }
  if ((o->flags & MR_OPEN_CREATE) != 0 && (o->flags & MR_OPEN_READ_ONLY) != 0) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "MR_OPEN_CREATE and MR_OPEN_READ_ONLY contradict each other");
  }
  if ((o->flags & MR_OPEN_MIGRATE) != 0 && (o->flags & MR_OPEN_READ_ONLY) != 0) {
    return mri_error_set(error, MR_INVALID_ARGUMENT,
                         "MR_OPEN_MIGRATE and MR_OPEN_READ_ONLY contradict each other");
  }
  if (strcmp(uri, "memory:") == 0 && (o->flags & MR_OPEN_CREATE) == 0) {
    return mri_error_set(error, MR_NOT_FOUND,
                         "memory: is always new, so it needs the flag MR_OPEN_CREATE");
  }
  if (o->busy_timeout_ms < 0 || o->busy_timeout_ms > MAX_BUSY_TIMEOUT_MS) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "busy_timeout_ms is %lld, not 0 to 86400000",
                         (long long)o->busy_timeout_ms);
  }
  if (o->busy_timeout_ms == 0) o->busy_timeout_ms = MR_DEFAULT_BUSY_TIMEOUT_MS;
  if ((o->file_mode & ~(uint32_t)0777) != 0) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "file_mode is 0%o, not 0 to 0777",
                         o->file_mode);
  }
  if (o->file_mode == 0) o->file_mode = 0666;
  if (o->artifact_root == NULL) return MR_OK;
  return mri_check_local_path(o->artifact_root, "artifact_root", error);
}

static mr_status check_allocator(open_request *out, mr_error *error) {
  out->mem = *mri_mem_default();
  if (out->options.allocator == NULL) return MR_OK;
  mr_allocator host;
  mr_status status =
      mri_options_read(&host, sizeof host, out->options.allocator, "mr_allocator", error);
  if (status == MR_OK) status = mri_options_reserved(host.reserved, "mr_allocator", error);
  if (status != MR_OK) return status;
  if (host.allocate == NULL || host.reallocate == NULL || host.deallocate == NULL) {
    return mri_error_set(error, MR_INVALID_ARGUMENT, "a function of mr_allocator is NULL");
  }
  out->mem = (mri_mem){host.ctx, host.allocate, host.reallocate, host.deallocate};
  return MR_OK;
}

/* Who acts: as said, as the environment says, or the user id and host. */
static mr_status choose_actor(open_request *out, mr_error *error) {
  const char *actor = out->options.actor;
  if (actor == NULL) actor = mri_env("MODELREG_ACTOR");
  if (actor != NULL) {
    mr_status status = mri_check_name(actor, "actor", error);
    if (status != MR_OK) return status;
    memcpy(out->actor, actor, strlen(actor) + 1);
    return MR_OK;
  }
  char host[128];
  if (gethostname(host, sizeof host) != 0) host[0] = '\0';
  host[sizeof host - 1] = '\0';
  snprintf(out->actor, sizeof out->actor, "uid-%lu@%s", (unsigned long)geteuid(),
           host[0] == '\0' || !mri_utf8_valid(host, strlen(host)) ? "localhost" : host);
  return MR_OK;
}

static mr_registry *new_registry(const open_request *request) {
  mr_registry *registry = mri_mem_zalloc(&request->mem, 1, sizeof *registry);
  if (registry == NULL) return NULL;
  registry->mem = request->mem;
  atomic_init(&registry->references, 1);
  registry->generation = mri_fork_generation();
  pthread_mutex_init(&registry->lock, NULL);
  pthread_cond_init(&registry->idle, NULL);
  registry->clock = (mri_clock){request->options.clock, request->options.clock_ctx};
  mri_id_source_init(&registry->ids, &registry->clock, request->options.random,
                     request->options.random_ctx);
  mri_arena_init(&registry->arena, &registry->mem);
  registry->record.struct_size = sizeof registry->record;
  return registry;
}

static mr_status parse_time(const char *text, int64_t *out, mr_error *error) {
  int64_t value = 0;
  size_t size = 0;
  for (; text[size] >= '0' && text[size] <= '9' && size < 18; size++) {
    value = value * 10 + (text[size] - '0');
  }
  if (size == 0 || text[size] != '\0') {
    return mri_error_set(error, MR_CORRUPT, "the registry does not say when it was created");
  }
  *out = value;
  return MR_OK;
}

static mr_status read_meta(mr_registry *registry, const char **artifact_root, mr_error *error) {
  mri_tx *tx = NULL;
  mri_stmt *stmt = NULL;
  bool row = false;
  bool failed = false;
  mr_status status = mri_tx_begin(registry->store, MRI_TX_READ, NULL, &tx, error);
  if (status != MR_OK) return status;
  status = mri_sql_query(tx, error, &stmt, "SELECT key, value FROM meta", "");
  while (status == MR_OK && (status = mri_stmt_step(stmt, &row, error)) == MR_OK && row) {
    const char *key = mri_stmt_text(stmt, 0);
    const char *value = mri_column_text(stmt, 1, &registry->arena, &failed);
    /* Text that is there and cannot be had: SQLite ran out of memory for it. */
    failed = failed || (key == NULL && !mri_stmt_is_null(stmt, 0)) ||
             (value == NULL && !mri_stmt_is_null(stmt, 1));
    if (failed) {
      status = mri_error_no_memory(error);
    } else if (key == NULL || value == NULL) {
      /* The schema does not allow it, a damaged page does. */
      status = mri_error_set(error, MR_CORRUPT, "the registry %s has a damaged record about itself",
                             registry->record.uri);
    } else if (strcmp(key, "id") == 0) {
      registry->record.id = value;
    } else if (strcmp(key, "created_us") == 0) {
      status = parse_time(value, &registry->record.created_us, error);
    } else if (strcmp(key, "artifact_root") == 0) {
      *artifact_root = value;
      status = mri_check_local_path(value, "stored artifact_root", error);
    }
  }
  mri_stmt_done(stmt);
  if (status == MR_OK && (registry->record.id == NULL || !mri_id_valid(registry->record.id))) {
    status = mri_error_set(error, MR_CORRUPT, "the registry %s has no id", registry->record.uri);
  }
  return mri_tx_end(tx, status, error);
}

/* The blob store's folder: as said or remembered, from the database's folder when relative. */
static mr_status place_artifacts(mr_registry *registry, const char *location, const char *root,
                                 mr_error *error) {
  mri_str path;
  mri_str_init(&path, &registry->mem);
  if (root == NULL) {
    mri_str_add(&path, location);
    mri_str_add(&path, ".d");
  } else {
    const char *slash = strrchr(location, '/');
    if (root[0] != '/' && slash != NULL) {
      mri_str_add_bytes(&path, location, (size_t)(slash - location) + 1);
    }
    mri_str_add(&path, root);
  }
  const char *text = mri_str_text(&path);
  if (text != NULL) registry->record.artifact_root = mri_arena_strdup(&registry->arena, text);
  mri_str_free(&path);
  return registry->record.artifact_root == NULL ? mri_error_no_memory(error) : MR_OK;
}

typedef struct create_context {
  mr_registry *registry;
  const char *artifact_root;
} create_context;

/* A folder that is not there yet is made with the first content. */
static mr_status check_root(mr_registry *registry, const char *location, const char *root,
                            mr_error *error) {
  struct stat facts;
  if (root == NULL || location == NULL) return MR_OK;
  mr_status status = place_artifacts(registry, location, root, error);
  const char *folder = registry->record.artifact_root;
  if (status != MR_OK || mri_io_table()->fstat_at(AT_FDCWD, folder, &facts, 0) != 0 ||
      S_ISDIR(facts.st_mode))
    return status;
  return mri_error_set(error, MR_INVALID_ARGUMENT,
                       "artifact_root '%s' is a file; give a folder, or a path where none is yet",
                       root);
}

static mr_status write_meta(void *ctx, mri_tx *tx, const char *location, mr_error *error) {
  const create_context *create = ctx;
  char id[MRI_ID_SIZE];
  char now[24];
  int64_t now_us = mri_clock_now_us(&create->registry->clock);
  mri_id_new(&create->registry->ids, id);
  snprintf(now, sizeof now, "%lld", (long long)now_us);
  static const char insert[] = "INSERT INTO meta (key, value) VALUES (?1, ?2)";
  mr_status status = mri_check_clock(now_us, error);
  if (status == MR_OK) {
    status = check_root(create->registry, location, create->artifact_root, error);
  }
  if (status == MR_OK) status = mri_sql_run(tx, error, insert, "tt", "id", (const char *)id);
  if (status == MR_OK) {
    status = mri_sql_run(tx, error, insert, "tt", "created_us", (const char *)now);
  }
  if (status == MR_OK && create->artifact_root != NULL) {
    status = mri_sql_run(tx, error, insert, "tt", "artifact_root", create->artifact_root);
  }
  return status;
}

static mr_status open_parts(mr_registry *registry, const open_request *request, mr_error *error) {
  const mr_open_options *o = &request->options;
  mr_registry_record *record = &registry->record;
  create_context create = {registry, o->artifact_root};
  mri_store_options store = {
      .mem = &registry->mem,
      .create = (o->flags & MR_OPEN_CREATE) != 0,
      .read_only = (o->flags & MR_OPEN_READ_ONLY) != 0,
      .exclusive = (o->flags & MR_OPEN_EXCLUSIVE) != 0,
      .allow_network = (o->flags & MR_OPEN_ALLOW_NETWORK) != 0,
      .migrate = (o->flags & MR_OPEN_MIGRATE) != 0,
      .busy_timeout_ms = o->busy_timeout_ms,
      .file_mode = o->file_mode,
      .on_create = write_meta,
      .on_create_ctx = &create,
  };
  mr_status status = mri_store_open(record->uri, &store, &registry->store, error);
  if (status != MR_OK) return status;
  const mri_store_facts *facts = mri_store_facts_of(registry->store);
  record->driver = facts->driver;
  record->driver_version = facts->driver_version;
  record->location = facts->location;
  record->schema_version = facts->schema_version;
  record->migrated_from = facts->migrated_from;
  record->read_only = facts->read_only ? 1 : 0;
  record->warning_count = (int64_t)facts->warning_count;
  record->warnings = facts->warnings;
  const char *root = NULL;
  status = read_meta(registry, &root, error);
  if (status != MR_OK) return status;
  if (facts->location == NULL)
    return mri_blobs_open_memory(&registry->mem, &registry->blobs, error);
  if (o->artifact_root != NULL) root = o->artifact_root;
  status = place_artifacts(registry, facts->location, root, error);
  if (status != MR_OK) return status;
  return mri_blobs_open_folder(&registry->mem, record->artifact_root, o->file_mode,
                               facts->read_only, &registry->blobs, error);
}

mr_status mr_registry_open(const char *uri, const mr_open_options *options,
                           mr_registry **out_registry, mr_error *error) {
  open_request request;
  mr_status status = mri_check_argument(out_registry, "out_registry", error);
  if (status == MR_OK) status = check_options(uri, options, &request, error);
  if (status == MR_OK) status = check_allocator(&request, error);
  if (status == MR_OK) status = choose_actor(&request, error);
  if (status != MR_OK) return status;
  mr_registry *registry = new_registry(&request);
  if (registry == NULL) return mri_error_no_memory(error);
  registry->record.uri = mri_arena_strdup(&registry->arena, uri);
  registry->record.actor = mri_arena_strdup(&registry->arena, request.actor);
  if (registry->record.uri == NULL || registry->record.actor == NULL) {
    status = mri_error_no_memory(error);
  } else {
    status = open_parts(registry, &request, error);
  }
  if (status != MR_OK) {
    mr_registry_close(registry);
    return status;
  }
  *out_registry = registry;
  return MR_OK;
}

const mr_registry_record *mr_registry_info(const mr_registry *registry) {
  return registry == NULL ? NULL : &registry->record;
}

mr_status mr_registry_flush(mr_registry *registry, mr_error *error) {
  mr_status status = mri_check_argument(registry, "registry", error);
  if (status == MR_OK) status = mri_enter(registry, error);
  if (status != MR_OK) return status;
  if (registry->record.read_only) return mri_leave(registry, MR_OK);
  status = mri_run_cores_flush(registry, error);
  if (status == MR_OK) {
    /* One synced commit makes every commit before it durable too. */
    mri_tx *tx = NULL;
    status = mri_tx_begin(registry->store, MRI_TX_APPEND_DURABLE, NULL, &tx, error);
    if (status == MR_OK) {
      status = mri_sql_run(tx, error, "UPDATE governance SET sequence = sequence WHERE id = 1", "");
      status = mri_tx_end(tx, status, error);
    }
  }
  return mri_leave(registry, status);
}

void mr_registry_close(mr_registry *registry) {
  if (registry == NULL) return;
  if (registry->generation == mri_fork_generation()) {
    pthread_mutex_lock(&registry->lock);
    atomic_store(&registry->closed, true);
    while (atomic_load(&registry->calls) > 0) pthread_cond_wait(&registry->idle, &registry->lock);
    pthread_mutex_unlock(&registry->lock);
    if (registry->store != NULL) {
      mri_run_cores_close(registry);
      mri_store_close(registry->store);
    }
    if (registry->blobs != NULL) mri_blobs_close(registry->blobs);
    registry->blobs = NULL;
  }
  mri_registry_unref(registry);
}
