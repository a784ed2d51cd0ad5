package dev.weir.tensor;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/// A child process of [CollectiveTest]: arguments are the meeting file, rank, world size, seconds
/// of patience and what to do.
final class CollectiveMember {

  private CollectiveMember() {}

  public static void main(String[] args) {
    int rank = Integer.parseInt(args[1]);
    Duration patience = Duration.ofSeconds(Long.parseLong(args[3]));
    try (Scope _ = Scope.open();
        Collective all =
            Collective.join(Path.of(args[0]), rank, Integer.parseInt(args[2]), patience)) {
      switch (args[4]) {
        case "mean" -> {
          for (Tensor mean : all.meanOf(gradients(rank))) {
            System.out.println(Arrays.toString(mean.toDoubles()));
          }
          Tensor start = gradients(rank).getFirst().asParameter();
          all.broadcast(List.of(start), 1);
          System.out.println(Arrays.toString(start.toDoubles()));
        }
        case "die" -> Runtime.getRuntime().halt(7);
        case "wait" -> System.out.println(all.meanOf(gradients(rank)));
        default -> throw new IllegalArgumentException(args[4]);
      }
    } catch (TensorException e) {
      System.out.println(e.getMessage());
    }
    Engine.leave(0);
  }

  /// What a member has, of awkward sizes and both kinds of numbers.
  static List<Tensor> gradients(int rank) {
    return List.of(
        Grid.gaussian(Shape.of("row", 3, "column", 5), rank).tensor(),
        Grid.gaussian(Shape.of("column", 1), 10 + rank).tensor(),
        Grid.gaussian(Shape.of("row", 2, "column", 7), 20 + rank).tensor().to(DType.FLOAT32));
  }
}
