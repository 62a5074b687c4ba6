// A visitor for std::visit that combines one lambda per type.
#pragma once

namespace gato::base {

template <class... Handlers>
struct overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
overloaded(Handlers...) -> overloaded<Handlers...>;

}  // namespace gato::base
