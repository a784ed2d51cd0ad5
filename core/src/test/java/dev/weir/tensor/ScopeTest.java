package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/// Who frees native memory, and when.
class ScopeTest {

  private static Tensor number(double value) {
    return Tensor.of(new double[] {value}, Shape.of("a", 1));
  }

  private static boolean isFreed(Tensor tensor) {
    return tensor.handle().isNull();
  }

  @Test
  void closingAScopeFreesWhatWasMadeInIt() {
    Tensor made;
    try (Scope _ = Scope.open()) {
      made = number(1).plus(1);
      assertThat(isFreed(made)).isFalse();
    }
    assertThat(isFreed(made)).isTrue();
  }

  @Test
  void aFreedTensorComplainsAndTheJvmLives() {
    Tensor freed;
    try (Scope _ = Scope.open()) {
      freed = number(1);
    }
    assertThatThrownBy(freed::item).isInstanceOf(RuntimeException.class);
    assertThatThrownBy(() -> freed.plus(1)).isInstanceOf(RuntimeException.class);
    assertThatThrownBy(freed::toDoubles).isInstanceOf(RuntimeException.class);
  }

  @Test
  void anInnerScopeFreesItsOwnAndNothingElse() {
    try (Scope _ = Scope.open()) {
      Tensor outer = number(1);
      Tensor inner;
      try (Scope _ = Scope.open()) {
        inner = outer.plus(1);
      }
      assertThat(isFreed(inner)).isTrue();
      assertThat(outer.item()).isEqualTo(1);
    }
  }

  @Test
  void aKeptTensorLivesAsLongAsTheScopeAround() {
    Tensor kept;
    try (Scope _ = Scope.open()) {
      try (Scope inner = Scope.open()) {
        Tensor spare = number(7);
        kept = inner.keep(spare.plus(1));
      }
      assertThat(kept.item()).isEqualTo(8);
    }
    assertThat(isFreed(kept)).isTrue();
  }

  @Test
  void aTensorKeptBySeveralScopesInARowReachesTheOutermost() {
    Tensor kept;
    try (Scope _ = Scope.open()) {
      try (Scope middle = Scope.open()) {
        try (Scope inner = Scope.open()) {
          kept = inner.keep(number(3));
        }
        middle.keep(kept);
      }
      assertThat(kept.item()).isEqualTo(3);
    }
    assertThat(isFreed(kept)).isTrue();
  }

  @Test
  void aTensorKeptByTheOutermostScopeLivesUntilItIsClosed() {
    Tensor kept;
    try (Scope only = Scope.open()) {
      kept = only.keep(number(5));
    }
    assertThat(kept.item()).isEqualTo(5);
    kept.close();
    assertThat(isFreed(kept)).isTrue();
  }

  @Test
  void viewsKeepTheMemoryTheyLookAt() {
    try (Scope _ = Scope.open()) {
      Tensor view;
      try (Scope inner = Scope.open()) {
        Tensor whole = Tensor.of(new double[] {1, 2, 3}, Shape.of("a", 3));
        view = inner.keep(whole.slice("a", 1, 2));
      }
      // Something new would otherwise be written over it.
      Tensor _ = Tensor.of(new double[] {9, 9, 9}, Shape.of("a", 3));
      assertThat(view.toDoubles()).containsExactly(2, 3);
    }
  }

  @Test
  void aScopeBelongsToItsThread() throws InterruptedException {
    List<Tensor> made = new CopyOnWriteArrayList<>();
    try (Scope _ = Scope.open()) {
      Thread other =
          Thread.ofPlatform()
              .start(() -> {
                try (Scope own = Scope.open()) {
                  made.add(own.keep(number(4)));
                }
              });
      other.join();
    }
    assertThat(made.getFirst().item()).isEqualTo(4);
    made.getFirst().close();
  }

  // ---------------------------------------------------------------- owners

  @Test
  void anOwnerHoldsItsTensorsWhateverScopesClose() {
    Tensor owned;
    try (TensorOwner owner = new TensorOwner()) {
      try (Scope _ = Scope.open();
          Scope _ = Scope.open()) {
        owned = owner.own(number(6));
      }
      assertThat(owned.item()).isEqualTo(6);
    }
    assertThat(isFreed(owned)).isTrue();
  }

  @Test
  void anOwnerMayBeClosedOnAnotherThread() throws InterruptedException {
    TensorOwner owner = new TensorOwner();
    Tensor owned;
    try (Scope _ = Scope.open()) {
      owned = owner.own(number(6));
    }
    Thread other = Thread.ofPlatform().start(owner::close);
    other.join();
    assertThat(isFreed(owned)).isTrue();
  }

  @Test
  void anAliasHasALifeOfItsOwn() {
    TensorOwner owner = new TensorOwner();
    try (Scope _ = Scope.open()) {
      Tensor owned = owner.own(number(2));
      Tensor alias = owned.alias();
      owner.close();
      assertThat(isFreed(owned)).isTrue();
      assertThat(alias.item()).isEqualTo(2);
    }
  }

  @Test
  void anOwnerClosesItsTensorsBeforeTheFilesTheyAreViewsOf() {
    TensorOwner owner = new TensorOwner();
    AtomicReference<Boolean> tensorWasFreed = new AtomicReference<>(false);
    try (Scope _ = Scope.open()) {
      Tensor view = owner.own(number(2));
      owner.own(() -> tensorWasFreed.set(isFreed(view)));
    }
    owner.close();
    assertThat(tensorWasFreed.get()).isTrue();
    owner.close(); // A second time does nothing.
  }

  @Test
  void anOwnerSaysWhatItCouldNotClose() {
    TensorOwner owner = new TensorOwner();
    owner.own(() -> {
      throw new IllegalStateException("still in use");
    });
    assertThatThrownBy(owner::close)
        .isInstanceOf(TensorException.class)
        .hasMessageStartingWith("A resource could not be closed: still in use");
  }
}
