/// Studies on an Apache Spark cluster. Nothing else of Weir sees Spark: the command finds this
/// package through [dev.weir.study.StudyCluster].
@NullMarked
package dev.weir.spark;

import org.jspecify.annotations.NullMarked;
