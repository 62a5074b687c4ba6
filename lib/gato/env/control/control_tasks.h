// The environments of the domain control/, which control_tasks.cc names.
#pragma once

#include <memory>

#include "gato/env/control/control_environment.h"

namespace gato::env {

std::unique_ptr<Environment> make_acrobot(const ControlVariant& variant);
std::unique_ptr<Environment> make_cartpole_balance(
    const ControlVariant& variant);
std::unique_ptr<Environment> make_cartpole_swingup(
    const ControlVariant& variant);
std::unique_ptr<Environment> make_cartpole_swingup_sparse(
    const ControlVariant& variant);
std::unique_ptr<Environment> make_cartpole_two_poles(
    const ControlVariant& variant);
std::unique_ptr<Environment> make_mountain_car(const ControlVariant& variant);
std::unique_ptr<Environment> make_pendulum(const ControlVariant& variant);
std::unique_ptr<Environment> make_point_mass(const ControlVariant& variant);
std::unique_ptr<Environment> make_reacher_easy(const ControlVariant& variant);
std::unique_ptr<Environment> make_reacher_hard(const ControlVariant& variant);

}  // namespace gato::env
