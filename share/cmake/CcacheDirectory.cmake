# Where ccache keeps its files: where it does by itself, else, as where HOME
# cannot be written, in .deps/ccache of the checkout, which git ignores. ccache
# fails a compilation whose results it cannot keep.
#
#   ccache_directory(CCACHE CHECKOUT RESULT)
#
# RESULT: settings of the environment, none or CCACHE_DIR=...
function(ccache_directory ccache checkout result)
  set(script [[directory=$("$1" --get-config cache_dir) &&
    mkdir -p "$directory" && test -w "$directory"]])
  execute_process(COMMAND sh -c "${script}" sh ${ccache}
    RESULT_VARIABLE failure OUTPUT_QUIET ERROR_QUIET)
  if(failure)
    set(${result} CCACHE_DIR=${checkout}/.deps/ccache PARENT_SCOPE)
  else()
    set(${result} "" PARENT_SCOPE)
  endif()
endfunction()
