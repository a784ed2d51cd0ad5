/// Takes opened models, gives the stream page: a server on this machine, its JSON interface and the
/// page that walks through the residual stream of a prompt.
@NullMarked
package dev.weir.page;

import org.jspecify.annotations.NullMarked;
