/// Vectors that change what a model says. Takes runs that differ in one thing, gives directions,
/// what happens when more or less of them is added, and models without them. Read [SteeringVector]
/// and [SteeringSweep].
@NullMarked
package dev.weir.readout.steer;

import org.jspecify.annotations.NullMarked;
