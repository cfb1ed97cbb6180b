/* SPDX-License-Identifier: Apache-2.0 */
/* From a URI to an open store: which driver, which schema, made if it is new. */
#include "base/os_fork.h"
#include "store/schema.h"
#include "store/store_private.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The length of "scheme" in "scheme:rest", 0 where the text is a path. */
static size_t scheme_length(const char *uri) {
  size_t n = 0;
  if (!is_letter(uri[0])) return 0;
  while (is_letter(uri[n]) || (uri[n] >= '0' && uri[n] <= '9') ||
         (uri[n] != '\0' && strchr("+-.", uri[n]) != NULL)) {
    n++;
  }
  return uri[n] == ':' ? n : 0;
}

static mr_status parse_uri(const char *uri, mri_database_options *out, const mri_driver **driver,
                           mr_error *error) {
  size_t n = scheme_length(uri);
  *driver = mri_sqlite_driver();
  out->place = uri;
  if (n == 0) return MR_OK;
  out->place = uri + n + 1;
  if (n == 6 && memcmp(uri, "sqlite", n) == 0) return MR_OK;
  if (n == 6 && memcmp(uri, "memory", n) == 0) {
    out->memory = true;
    if (out->place[0] == '\0') return MR_OK;
    return mri_error_set(error, MR_INVALID_ARGUMENT, "nothing may follow memory: in '%s'", uri);
  }
  return mri_error_set(error, MR_NOT_SUPPORTED,
                       "there is no database driver for '%.*s:'; write sqlite:PATH or memory:, and "
                       "./%s if that is a file",
                       (int)(n < 64 ? n : 64), uri, uri);
}

static mr_status add_warning(mri_store *store, const char *text, mr_error *error) {
  char *copy = mri_mem_strdup(store->mem, text);
  char **slot = copy != NULL ? mri_vec_push(&store->warnings) : NULL;
  if (slot == NULL) {
    mri_mem_free(store->mem, copy);
    return mri_error_no_memory(error);
  }
  *slot = copy;
  return MR_OK;
}

/* The transaction in which the registry comes to be; one of several processes gets to it first. */
static mr_status create(mri_store *store, mri_pooled *pooled, const mri_store_options *options,
                        mri_wait *wait, mr_error *error) {
  const mri_driver *driver = &store->driver;
  mri_connection *connection = pooled->connection;
  int64_t version = 0;
  mri_database_state state = MRI_DATABASE_FOREIGN;
  mr_status status = driver->begin(connection, MRI_BEGIN_CREATE, wait, &version, error);
  if (status != MR_OK) return status;
  status = driver->state(connection, wait, &state, error);
  if (status != MR_OK || state != MRI_DATABASE_EMPTY) {
    driver->rollback(connection);
    return status;
  }
  status = mri_schema_create(store->schema, store->mem, driver, connection, error);
  if (status == MR_OK && options->on_create != NULL) {
    mri_tx *tx = mri_tx_prepare(store, pooled, MRI_TX_GOVERN);
    tx->wait = *wait;
    const char *location = driver->facts(store->database)->location;
    status =
        mri_tx_settle(tx, options->on_create(options->on_create_ctx, tx, location, error), error);
  }
  if (status == MR_OK) status = driver->mark(connection, store->schema->version, error);
  if (status == MR_OK) return driver->commit(connection, error);
  driver->rollback(connection);
  return status;
}

/* The transaction that brings an older registry forward, unless somebody else just did. */
static mr_status migrate(mri_store *store, mri_pooled *pooled, mri_wait *wait, mr_error *error) {
  const mri_driver *driver = &store->driver;
  mri_connection *connection = pooled->connection;
  int64_t version = 0;
  if (store->facts.read_only) {
    return mri_error_set(error, MR_READ_ONLY, "%s cannot be brought forward: it may only be read",
                         store->label);
  }
  mr_status status = driver->begin(connection, MRI_BEGIN_MIGRATE, wait, &version, error);
  if (status != MR_OK) return status;
  if (version < 1 || version >= store->schema->version) {
    driver->rollback(connection);
    return MR_OK;
  }
  mri_tx *tx = mri_tx_prepare(store, pooled, MRI_TX_GOVERN);
  tx->wait = *wait;
  status = mri_schema_migrate(store->schema, store->mem, driver, connection, tx, store->label,
                              version, error);
  status = mri_tx_settle(tx, status, error);
  if (status == MR_OK) status = driver->mark(connection, store->schema->version, error);
  if (status != MR_OK) {
    driver->rollback(connection);
    return status;
  }
  status = driver->commit(connection, error);
  if (status == MR_OK) store->facts.migrated_from = version;
  return status;
}

static mr_status look_at_version(mri_store *store, mri_connection *connection, mri_wait *wait,
                                 int64_t *version, mr_error *error) {
  mr_status status = store->driver.begin(connection, MRI_BEGIN_READ, wait, version, error);
  if (status == MR_OK) store->driver.rollback(connection);
  return status;
}

static mr_status check(mri_store *store, mri_connection *connection, mri_wait *wait,
                       mr_error *error) {
  const mri_driver *driver = &store->driver;
  int64_t version = 0;
  bool read_only = false;
  mr_status status = driver->begin(connection, MRI_BEGIN_READ, wait, &version, error);
  if (status != MR_OK) return status;
  status =
      mri_schema_check(store->schema, driver, connection, store->label, version, &read_only, error);
  driver->rollback(connection);
  if (status != MR_OK) return status;
  store->facts.schema_version = version;
  if (!read_only || store->facts.read_only) return MR_OK;
  store->facts.read_only = true;
  char text[512];
  (void)snprintf(text, sizeof(text),
                 "%s has schema version %" PRId64 ", newer than this library's %" PRId64
                 ": it is open "
                 "read-only; update libmodelreg to write",
                 store->label, version, store->schema->version);
  return add_warning(store, text, error);
}

static mr_status set_up(mri_store *store, mri_pooled *pooled, const mri_store_options *options,
                        mri_wait *wait, mr_error *error) {
  const mri_driver *driver = &store->driver;
  const mri_database_facts *facts = driver->facts(store->database);
  mri_database_state state = MRI_DATABASE_FOREIGN;
  mr_status status = driver->state(pooled->connection, wait, &state, error);
  if (status != MR_OK) return status;
  if (state == MRI_DATABASE_EMPTY && (options->create || facts->location == NULL)) {
    if (facts->read_only) {
      return mri_error_set(error, MR_READ_ONLY, "%s cannot be made a registry: it may only be read",
                           facts->label);
    }
    status = create(store, pooled, options, wait, error);
    if (status == MR_OK) status = driver->state(pooled->connection, wait, &state, error);
    if (status != MR_OK) return status;
  }
  if (state != MRI_DATABASE_REGISTRY) {
    return mri_error_set(error, MR_CORRUPT, "%s is %s", facts->label,
                         state == MRI_DATABASE_EMPTY
                             ? "empty, no registry yet; the CREATE flag makes it one"
                             : "another program's database; choose another path");
  }
  store->facts.read_only = facts->read_only;
  if (options->migrate) {
    int64_t version = 0;
    status = look_at_version(store, pooled->connection, wait, &version, error);
    if (status == MR_OK && version >= 1 && version < store->schema->version) {
      status = migrate(store, pooled, wait, error);
    }
    if (status != MR_OK) return status;
  }
  status = check(store, pooled->connection, wait, error);
  if (status == MR_OK)
    status = driver->accept(pooled->connection, store->facts.read_only, wait, error);
  return status;
}

/* What the driver knows now, kept beyond its own life. */
static mr_status copy_facts(mri_store *store, mr_error *error) {
  const mri_database_facts *facts = store->driver.facts(store->database);
  store->facts.driver = store->driver.name;
  store->facts.driver_version = facts->version;
  if (facts->location != NULL) {
    store->location = mri_mem_strdup(store->mem, facts->location);
    if (store->location == NULL) return mri_error_no_memory(error);
    store->facts.location = store->location;
  }
  for (size_t i = 0; i < facts->warning_count; i++) {
    mr_status status = add_warning(store, facts->warnings[i], error);
    if (status != MR_OK) return status;
  }
  store->facts.warning_count = store->warnings.count;
  store->facts.warnings = (const char *const *)store->warnings.items;
  return MR_OK;
}

static mr_status open_database(mri_store *store, const mri_driver *driver,
                               const mri_database_options *place, mri_wait *wait, mr_error *error) {
  mri_connection *connection = NULL;
  mr_status status = driver->open(place, wait, &store->database, error);
  if (status != MR_OK) return status;
  const mri_database_facts *facts = driver->facts(store->database);
  store->label = mri_mem_strdup(store->mem, facts->label);
  status = store->label != NULL ? MR_OK : mri_error_no_memory(error);
  if (status == MR_OK) status = driver->connect(store->database, wait, &connection, error);
  if (status == MR_OK) {
    status = mri_pool_init(&store->pool, store->mem, driver, store->database, connection,
                           store->label, facts->single, error);
  }
  if (status != MR_OK) {
    driver->close(store->database, false);
    store->database = NULL;
  }
  return status;
}

static void discard(mri_store *store) {
  mri_mem_free(store->mem, store->label);
  mri_mem_free(store->mem, store);
}

mr_status mri_store_open(const char *uri, const mri_store_options *options, mri_store **out,
                         mr_error *error) {
  assert(options->mem != NULL);
  mri_database_options place = {.mem = options->mem,
                                .create = options->create && !options->read_only,
                                .read_only = options->read_only,
                                .exclusive = options->exclusive,
                                .allow_network = options->allow_network,
                                .file_mode = options->file_mode,
                                .vfs = options->vfs,
                                .file_system = options->file_system};
  const mri_driver *driver = NULL;
  mr_status status = parse_uri(uri, &place, &driver, error);
  if (status != MR_OK) return status;
  mri_store *store = mri_mem_zalloc(options->mem, 1, sizeof(*store));
  if (store == NULL) return mri_error_no_memory(error);
  store->mem = options->mem;
  store->generation = mri_fork_generation();
  store->busy_timeout_ms = options->busy_timeout_ms;
  store->schema = options->schema != NULL ? options->schema : &mri_schema_own;
  store->facts.file_mode = options->file_mode;
  mri_vec_init(&store->warnings, store->mem, sizeof(char *));
  mri_driver_complete(driver, &store->driver);
  mri_wait wait;
  mri_wait_init(&wait, options->busy_timeout_ms, NULL, NULL);
  status = open_database(store, &store->driver, &place, &wait, error);
  if (status != MR_OK) {
    discard(store);
    return status;
  }
  (void)pthread_mutex_init(&store->close_lock, NULL);
  status = set_up(store, store->pool.made, options, &wait, error);
  if (status == MR_OK) status = copy_facts(store, error);
  if (status != MR_OK) {
    mri_store_close(store);
    mri_store_free(store);
    return status;
  }
  *out = store;
  return MR_OK;
}
