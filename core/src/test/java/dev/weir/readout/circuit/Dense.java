package dev.weir.readout.circuit;

import dev.weir.model.AttentionSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.Transformer;
import dev.weir.tensor.Tensor;
import java.util.Arrays;

/// Matrices multiplied out in plain Java, and the weights of a model as such.
final class Dense {

  private Dense() {}

  static double[][] rows(Tensor matrix, String rows, String columns) {
    double[] all = matrix.order(rows, columns).toDoubles();
    int width = (int) matrix.size(columns);
    double[][] split = new double[all.length / width][];
    Arrays.setAll(split, i -> Arrays.copyOfRange(all, i * width, (i + 1) * width));
    return split;
  }

  static double[][] times(double[][] a, double[][] b) {
    double[][] product = new double[a.length][b[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int k = 0; k < b.length; k++) {
        for (int j = 0; j < b[0].length; j++) {
          product[i][j] += a[i][k] * b[k][j];
        }
      }
    }
    return product;
  }

  static double[][] turned(double[][] matrix) {
    double[][] result = new double[matrix[0].length][matrix.length];
    for (int i = 0; i < matrix.length; i++) {
      for (int j = 0; j < matrix[0].length; j++) {
        result[j][i] = matrix[i][j];
      }
    }
    return result;
  }

  static double norm(double[][] matrix) {
    return Math.sqrt(Arrays.stream(matrix).flatMapToDouble(Arrays::stream).map(x -> x * x).sum());
  }

  static double[] flat(double[][] matrix) {
    return Arrays.stream(matrix).flatMapToDouble(Arrays::stream).toArray();
  }

  /// `W_V W_O` of a head from the weights as they are.
  static double[][] ov(Transformer model, int layer, int head) {
    return times(map(model, "W_V", layer, head), turned(map(model, "W_O", layer, head)));
  }

  /// `W_Q W_Kᵀ` of a head from the weights as they are.
  static double[][] qk(Transformer model, int layer, int head) {
    return times(map(model, "W_Q", layer, head), turned(map(model, "W_K", layer, head)));
  }

  /// One of the maps of a head, `[d_model, d_head]`.
  private static double[][] map(Transformer model, String name, int layer, int head) {
    AttentionSpec attention = model.spec().blocks().get(layer).attention();
    Tensor weight = model.parameters().get("blocks.%d.attn.%s".formatted(layer, name));
    int group = attention.nHeads() / attention.nKvHeads();
    Tensor own =
        weight.shape().has("kv_head")
            ? weight.at("kv_head", head / group)
            : weight.at("head", head);
    return rows(own, "d_model", "d_head");
  }

  /// Whether nothing stands between the four maps and what they read and write.
  static boolean bareMaps(Transformer model) {
    return model.spec().blocks().stream()
        .allMatch(block ->
            block.attention().qkNorm() instanceof AttentionSpec.QkNorm.NoQkNorm
                && block.ln1Post() instanceof NormSpec.NoNorm
                && block.ln2Post() instanceof NormSpec.NoNorm);
  }
}
