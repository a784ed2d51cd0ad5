/// Takes what a direction is to be made from (weights, cells, prompts, a corpus, other directions),
/// gives its numbers with a sentence that says what they are, and says how a corpus lies along it.
/// Knows nothing of HTTP.
@NullMarked
package dev.weir.page.direction;

import org.jspecify.annotations.NullMarked;
