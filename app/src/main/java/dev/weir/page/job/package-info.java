/// Takes long work, gives it to the engine in short steps, tells those who watch how far it is and
/// what it has found so far, and ends it when nobody watches any more. Knows nothing of HTTP.
@NullMarked
package dev.weir.page.job;

import org.jspecify.annotations.NullMarked;
