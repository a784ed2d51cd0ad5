/// Takes two runs, gives them side by side: what the model says next in each, what it goes on to
/// write, and the difference of their planes, cell by cell. The runs may be of one prompt before
/// and after changes, of two prompts, or of two models. Knows nothing of HTTP.
@NullMarked
package dev.weir.page.change;

import org.jspecify.annotations.NullMarked;
