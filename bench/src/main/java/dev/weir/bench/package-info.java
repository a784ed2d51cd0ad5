/// Measures Weir's speed and memory beside other libraries, in the same run. Not part of the
/// default build. Read [Bench], then [Workload].
@NullMarked
package dev.weir.bench;

import org.jspecify.annotations.NullMarked;
