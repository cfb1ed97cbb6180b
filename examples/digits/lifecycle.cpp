/* SPDX-License-Identifier: Apache-2.0 */
/* The same lifecycle in C++11, in one short program: fits y = 2x + 1, promotes the fit and loads it
 * back. A handle becomes a unique_ptr, a status that is not MR_OK an exception. */
#include <modelreg/modelreg.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

template <class T, void (*release)(T *)> struct Deleter {
  void operator()(T *handle) const {
    release(handle);
  }
};
template <class T, void (*release)(T *)> using Handle = std::unique_ptr<T, Deleter<T, release>>;
using Registry = Handle<mr_registry, mr_registry_close>;
using Experiment = Handle<mr_experiment, mr_experiment_free>;
using Manifest = Handle<mr_manifest, mr_manifest_free>;
using Dataset = Handle<mr_dataset, mr_dataset_free>;
using Run = Handle<mr_run, mr_run_free>;
using Gate = Handle<mr_gate, mr_gate_free>;
using Model = Handle<mr_model, mr_model_free>;
using Request = Handle<mr_request, mr_request_free>;
using Version = Handle<mr_version, mr_version_free>;
using Blob = Handle<mr_blob, mr_blob_free>;

/* Takes a call without its last two parameters, adds them, and returns the handle:
 * make<Run>(mr_registry_open_run, registry.get(), id). */
template <class T, class Function, class... Arguments>
T make(Function function, Arguments... arguments) {
  mr_error error = MR_ERROR_INIT;
  typename T::pointer handle = nullptr;
  if (function(arguments..., &handle, &error) != MR_OK) throw std::runtime_error(error.message);
  return T(handle);
}

/* The same for calls without a result. */
template <class Function, class... Arguments> void call(Function function, Arguments... arguments) {
  mr_error error = MR_ERROR_INIT;
  if (function(arguments..., &error) != MR_OK) throw std::runtime_error(error.message);
}

static void require(bool truth, const char *what) {
  if (!truth) throw std::logic_error(std::string("not as it should be: ") + what);
}

/* Gradient descent on y = a x + b; logs the loss of every epoch. */
static void fit(mr_run *run, float learning_rate, float line[2]) {
  line[0] = line[1] = 0.0F;
  for (int epoch = 0; epoch < 500; epoch++) {
    float slope[2] = {0.0F, 0.0F};
    double loss = 0.0;
    for (int i = 0; i < 10; i++) {
      const float x = static_cast<float>(i) / 10.0F;
      const float miss = line[0] * x + line[1] - (2.0F * x + 1.0F);
      slope[0] += miss * x / 10.0F;
      slope[1] += miss / 10.0F;
      loss += static_cast<double>(miss) * static_cast<double>(miss) / 10.0;
    }
    line[0] -= learning_rate * slope[0];
    line[1] -= learning_rate * slope[1];
    call(mr_run_log_metric, run, "loss", loss, epoch);
  }
}

/* One training run from start to finish; returns its id. */
static std::string train(mr_experiment *experiment, const char *dataset_run_id,
                         const char *learning_rate) {
  mr_input_options input = MR_INPUT_OPTIONS_INIT;
  input.role = "training";
  input.dataset_run_id = dataset_run_id;
  const Run run = make<Run>(mr_experiment_start_run, experiment, nullptr);
  call(mr_run_log_param, run.get(), "learning_rate", learning_rate);
  call(mr_run_log_input, run.get(), &input);
  float line[2];
  fit(run.get(), std::stof(learning_rate), line);
  call(mr_run_log_artifact_bytes, run.get(), "line.f32", reinterpret_cast<const uint8_t *>(line),
       sizeof(line));
  call(mr_run_finish, run.get(), MR_RUN_STATUS_FINISHED);
  return mr_run_info(run.get())->id;
}

static void lifecycle(const std::string &folder) {
  mr_open_options open = MR_OPEN_OPTIONS_INIT;
  open.flags = MR_OPEN_CREATE;
  const Registry registry = make<Registry>(mr_registry_open, "memory:", &open);
  const Experiment experiment =
      make<Experiment>(mr_registry_open_experiment, registry.get(), "line");

  const std::string points = folder + "/points.txt";
  std::ofstream(points) << "x from 0.0 to 0.9 in steps of 0.1, y = 2x + 1\n";
  const Manifest manifest = make<Manifest>(mr_manifest_new);
  call(mr_manifest_add_file, manifest.get(), points.c_str(), nullptr);
  mr_dataset_options frozen = MR_DATASET_OPTIONS_INIT;
  frozen.freeze = 1;
  const Dataset dataset =
      make<Dataset>(mr_experiment_log_dataset, experiment.get(), "points", manifest.get(), &frozen);
  const char *dataset_run_id = mr_dataset_info(dataset.get())->run_id;
  const std::string good = train(experiment.get(), dataset_run_id, "0.5");
  const std::string bad = train(experiment.get(), dataset_run_id, "0.001");

  const Model model = make<Model>(mr_registry_create_model, registry.get(), "line", nullptr);
  const Gate gate =
      make<Gate>(mr_gate_parse, "close: metrics.loss < 0.001\ndata: inputs.training.frozen = 1\n");
  mr_gate_options where = MR_GATE_OPTIONS_INIT;
  where.model = "line";
  call(mr_registry_attach_gate, registry.get(), gate.get(), &where);

  Request request = make<Request>(mr_model_promote, model.get(), bad.c_str(), nullptr);
  mr_error error = MR_ERROR_INIT;
  mr_version *none = nullptr;
  require(mr_request_version(request.get(), &none, &error) == MR_GATE_FAILED, "the bad fit");
  std::printf("refused: %s\n", error.message);
  request = make<Request>(mr_model_promote, model.get(), good.c_str(), nullptr);
  Version version = make<Version>(mr_request_version, request.get());
  std::printf("accepted: line@%s\n", mr_version_info(version.get())->number);

  call(mr_model_create_channel, model.get(), "production");
  mr_move_options move = MR_MOVE_OPTIONS_INIT;
  move.channel = "production";
  move.version = mr_version_info(version.get())->number;
  move.expected = "none";
  request = make<Request>(mr_model_move_channel, model.get(), &move);

  version = make<Version>(mr_registry_resolve, registry.get(), "line@production", nullptr);
  require(mr_version_info(version.get())->run_id == good, "the version in production");
  const Blob blob = make<Blob>(mr_version_open_artifact, version.get(), nullptr);
  float line[2];
  const uint8_t *bytes = nullptr;
  call(mr_blob_map, blob.get(), &bytes);
  require(mr_blob_size(blob.get()) == sizeof(line), "the size of the fit");
  std::memcpy(line, bytes, sizeof(line));
  require(line[0] > 1.9F && line[0] < 2.1F && line[1] > 0.9F && line[1] < 1.1F, "the fit");
  std::printf("line@production: y = %.2f x + %.2f\n", static_cast<double>(line[0]),
              static_cast<double>(line[1]));
}

int main(int argc, char **argv) {
  try {
    lifecycle(argc > 1 ? argv[1] : ".");
    return 0;
  } catch (const std::exception &failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
}
