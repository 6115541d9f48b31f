// An add-on that keeps memory from malloc.
#include <cstdlib>
#include <cstring>
#include <node_api.h>

// Allocates as many bytes as asked for, in blocks that are never freed.
__attribute__((noinline)) static void keep_orders(size_t bytes) {
  const size_t block = 40000;
  for (size_t done = 0; done < bytes; done += block) memset(malloc(block), 1, block);
}

static napi_value leak(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  double bytes = 0;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_double(env, argument, &bytes);
  keep_orders(static_cast<size_t>(bytes));
  return nullptr;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "leak", NAPI_AUTO_LENGTH, leak, nullptr, &function);
  napi_set_named_property(env, exports, "leak", function);
  return exports;
}
