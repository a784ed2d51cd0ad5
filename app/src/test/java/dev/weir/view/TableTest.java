package dev.weir.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {

  @Test
  void namesEveryRowThatDoesNotFitItsColumns() {
    Table.Builder table =
        Table.named("norms").integer("layer", "", "Block").real("norm", "", "Its length");
    table.row(0, 1.5).row(1).row("two", 2.5).row(3, 3);

    assertThatThrownBy(table::build)
        .isInstanceOf(ViewException.class)
        .hasMessageContaining("row 1 has 1 cells for 2 columns")
        .hasMessageContaining("row 2 has Text[value=two] where column 'layer' takes INTEGER")
        .hasMessageNotContaining("row 3")
        .hasMessageContaining("table 'norms'");
  }

  @Test
  void refusesRepeatedColumnsAndNamesThatNoFileCouldHave() {
    Table.Builder table = Table.named("a/b").text("x", "").text("x", "");

    assertThatThrownBy(table::build)
        .hasMessageContaining("its name must be letters, digits, - and _")
        .hasMessageContaining("two columns have the same name");
    assertThatThrownBy(() -> Table.named("empty").build()).hasMessageContaining("no columns");
  }

  @Test
  void refusesValuesOfOtherKinds() {
    assertThatThrownBy(() -> Table.named("t").text("x", "").row(List.of()))
        .hasMessageStartingWith("A cell holds text, a whole number or a real number, not a ListN");
  }

  @Test
  void keepsWhatItWasGivenWhenTheListsChangeLater() {
    List<List<Cell>> rows = new ArrayList<>();
    rows.add(List.of(new Cell.Whole(1)));
    Column column = new Column("n", Column.Kind.INTEGER, "", "");
    Table table = new Table("t", "t", List.of(column), rows, List.of());

    rows.clear();

    assertThat(table.rows()).hasSize(1);
  }

  @Test
  void readsAFloatAsTheDecimalItIsPrintedAs() {
    assertThat(Cell.of(0.1f)).isEqualTo(new Cell.Real(0.1));
    assertThat(Cell.of(Float.NaN)).isEqualTo(new Cell.Real(Double.NaN));
  }

  @Test
  void replacesHalvesOfSurrogatePairsOnTheWayIn() {
    assertThat(Cell.of("a\ud800b👩\udc00")).isEqualTo(new Cell.Text("a\ufffdb👩\ufffd"));
  }

  @Test
  void findsColumnsByName() {
    Table table = Samples.table();

    assertThat(table.indexOf("kl")).isEqualTo(4);
    assertThatThrownBy(() -> table.indexOf("nope")).hasMessageContaining("use one of [layer,");
  }
}
