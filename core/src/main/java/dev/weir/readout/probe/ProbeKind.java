package dev.weir.readout.probe;

import java.util.Locale;

/// Which probe.
public enum ProbeKind {
  /// [RidgeProbe]; the only one that also reads numbers.
  RIDGE,
  /// [LogisticProbe].
  LOGISTIC,
  /// [DifferenceOfMeans].
  MEAN,
  /// [LdaProbe].
  LDA;

  /// Fits one.
  ///
  /// @param rows the training rows
  /// @param penalty on its weights, where it has one
  public LinearProbe fit(Rows rows, double penalty) {
    Moments moments = rows.moments();
    return switch (this) {
      case RIDGE -> RidgeProbe.fit(moments, rows.outputs(), penalty);
      case LOGISTIC -> LogisticProbe.fit(rows, moments, penalty);
      case MEAN -> DifferenceOfMeans.fit(moments, rows.outputs());
      case LDA -> LdaProbe.fit(moments, rows.outputs(), penalty);
    };
  }

  /// As a user writes it.
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
