# Chooses the directory of ccache's cache: ccache's own default if it is writable,
# otherwise .deps/ccache of the checkout, which git ignores. ccache fails every
# compilation whose result it cannot store, as it would if HOME were read-only.
#
#   ccache_directory(CCACHE CHECKOUT RESULT)
#
# Sets RESULT to the environment settings for ccache: empty, or CCACHE_DIR=...
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
