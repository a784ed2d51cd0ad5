package dev.weir.rules;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.tree.CaseTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.DefaultCaseLabelTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.SwitchExpressionTree;
import com.sun.source.tree.SwitchTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.Modifier;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.TypeMirror;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What only the sources show: shapes in Javadoc, and switches that name every case. Each rule is
/// tried on the whole of Weir, where it must hold, and on a planted violation, where it must not.
class SourceRulesTest {

  /// Fewer than this and the rules would be passing on nothing.
  private static final int AT_LEAST_FILES = 150;

  private static final int AT_LEAST_METHODS = 40;

  /// A shape, `[pos, d_model]`, or a sentence that leaves it open on purpose.
  private static final Pattern SHAPE =
      Pattern.compile("`\\[[^`]*]`|[Ss]ame (shape|axes)|[Aa]ny shape|axes (of|are|in)");

  private static final Pattern TENSOR = Pattern.compile("\\bTensor\\b");

  @Test
  void everyPublicMethodThatTakesOrGivesATensorNamesItsShape() throws IOException {
    List<Path> sources = RepositoryFiles.mainSources();
    assertThat(sources).hasSizeGreaterThan(AT_LEAST_FILES);
    Found found = shapes(sources);
    assertThat(found.looked()).isGreaterThan(AT_LEAST_METHODS);
    assertThat(found.complaints()).isEmpty();
  }

  @Test
  void seesATensorWithoutAShape(@TempDir Path folder) throws IOException {
    Path file =
        planted(
            folder,
            """
            package dev.weir.readout;
            import dev.weir.tensor.Tensor;
            public final class Vague {
              /// Reads the stream.
              public Tensor read(Tensor resid) { return resid; }
              /// Reads the stream, `[pos, d_model]`.
              public Tensor readWell(Tensor resid) { return resid; }
              Tensor inside(Tensor resid) { return resid; }
            }
            """);
    assertThat(shapes(List.of(file)).complaints()).singleElement().asString().contains("read(");
  }

  @Test
  void seesARecordOfTensorsWithoutShapes(@TempDir Path folder) throws IOException {
    Path file =
        planted(
            folder,
            """
            package dev.weir.readout;
            import dev.weir.tensor.Tensor;
            /// Some numbers.
            public record Vague(Tensor numbers) {}
            """);
    assertThat(shapes(List.of(file)).complaints()).hasSize(1);
  }

  @Test
  void noSwitchOverAClosedChoiceHasADefault() throws IOException {
    Found found = switches(RepositoryFiles.mainSources());
    assertThat(found.looked()).isGreaterThan(AT_LEAST_METHODS);
    assertThat(found.complaints()).isEmpty();
  }

  @Test
  void seesADefaultThatHidesANewCase(@TempDir Path folder) throws IOException {
    Path file =
        planted(
            folder,
            """
            package dev.weir.readout;
            import dev.weir.tensor.Device;
            import dev.weir.tensor.DType;
            final class Careless {
              int sealed(Device device) {
                return switch (device) { case Device.Cpu() -> 0; default -> 1; };
              }
              void enumerated(DType type) {
                switch (type) { case BOOL -> {} default -> {} }
              }
              int open(String text) {
                return switch (text) { case "a" -> 0; default -> 1; };
              }
            }
            """);
    assertThat(switches(List.of(file)).complaints()).hasSize(2);
  }

  // ---------------------------------------------------------------- shapes

  private static Found shapes(List<Path> files) throws IOException {
    Compilation compilation = Compilation.of(files);
    DocTrees docs = DocTrees.instance(compilation.task());
    Found found = new Found();
    for (CompilationUnitTree unit : compilation.task().parse()) {
      if (!String.valueOf(unit.getPackageName()).equals("dev.weir.tensor")) {
        new ShapeScanner(docs, found).scan(unit, null);
      }
    }
    return found;
  }

  private static final class ShapeScanner extends TreePathScanner<Void, Void> {
    private final DocTrees docs;
    private final Found found;

    ShapeScanner(DocTrees docs, Found found) {
      this.docs = docs;
      this.found = found;
    }

    @Override
    public Void visitClass(ClassTree type, Void unused) {
      if (!isPublic(type.getModifiers())) {
        return null;
      }
      if (type.getKind() == Tree.Kind.RECORD
          && type.getMembers().stream().anyMatch(this::isTensorComponent)) {
        require(type.getSimpleName() + " (its components)");
      }
      return super.visitClass(type, null);
    }

    private boolean isTensorComponent(Tree member) {
      return member instanceof VariableTree variable
          && !variable.getModifiers().getFlags().contains(Modifier.STATIC)
          && TENSOR.matcher(String.valueOf(variable.getType())).find();
    }

    @Override
    public Void visitMethod(MethodTree method, Void unused) {
      boolean inherits =
          method.getModifiers().getAnnotations().stream()
              .anyMatch(a -> a.getAnnotationType().toString().equals("Override"));
      boolean tensors =
          Stream.concat(
                  Stream.ofNullable(method.getReturnType()),
                  method.getParameters().stream().map(VariableTree::getType))
              .anyMatch(t -> TENSOR.matcher(t.toString()).find());
      if (tensors && !inherits && isPublic(method.getModifiers()) && !isCompact(method)) {
        require(method.getName() + "(" + method.getParameters() + ")");
      }
      return null;
    }

    /// A record's constructor says nothing that its components do not.
    private boolean isCompact(MethodTree method) {
      return method.getReturnType() == null
          && getCurrentPath().getParentPath().getLeaf().getKind() == Tree.Kind.RECORD;
    }

    private boolean isPublic(ModifiersTree modifiers) {
      TreePath parent = getCurrentPath().getParentPath();
      boolean inInterface =
          parent != null
              && parent.getLeaf().getKind() == Tree.Kind.INTERFACE
              && !modifiers.getFlags().contains(Modifier.PRIVATE);
      return inInterface || modifiers.getFlags().contains(Modifier.PUBLIC);
    }

    private void require(String what) {
      found.look();
      DocCommentTree comment = docs.getDocCommentTree(getCurrentPath());
      String text = comment == null ? "" : String.valueOf(docs.getDocComment(getCurrentPath()));
      if (!SHAPE.matcher(text.replaceAll("\\s+", " ")).find()) {
        found.complain(
            "%s: %s takes or gives a Tensor; its Javadoc should say its shape, for instance `[pos, d_model]`"
                .formatted(
                    Path.of(getCurrentPath().getCompilationUnit().getSourceFile().toUri())
                        .getFileName(),
                    what));
      }
    }
  }

  // ---------------------------------------------------------------- switches

  private static Found switches(List<Path> files) throws IOException {
    Compilation compilation = Compilation.of(files);
    Iterable<? extends CompilationUnitTree> units = compilation.task().parse();
    compilation.task().analyze();
    Found found = new Found();
    for (CompilationUnitTree unit : units) {
      new SwitchScanner(Trees.instance(compilation.task()), found).scan(unit, null);
    }
    return found;
  }

  private static final class SwitchScanner extends TreePathScanner<Void, Void> {
    private final Trees trees;
    private final Found found;

    SwitchScanner(Trees trees, Found found) {
      this.trees = trees;
      this.found = found;
    }

    @Override
    public Void visitSwitch(SwitchTree tree, Void unused) {
      inspect(tree, tree.getExpression(), tree.getCases());
      return super.visitSwitch(tree, null);
    }

    @Override
    public Void visitSwitchExpression(SwitchExpressionTree tree, Void unused) {
      inspect(tree, tree.getExpression(), tree.getCases());
      return super.visitSwitchExpression(tree, null);
    }

    private void inspect(Tree tree, Tree selector, List<? extends CaseTree> cases) {
      found.look();
      boolean hasDefault =
          cases.stream()
              .flatMap(c -> c.getLabels().stream())
              .anyMatch(DefaultCaseLabelTree.class::isInstance);
      TypeMirror type = trees.getTypeMirror(new TreePath(getCurrentPath(), selector));
      if (hasDefault && isClosed(type)) {
        CompilationUnitTree unit = getCurrentPath().getCompilationUnit();
        found.complain(
            "%s:%d: a switch over %s has a default; name the cases, so that a new one is noticed"
                .formatted(
                    Path.of(unit.getSourceFile().toUri()).getFileName(),
                    unit.getLineMap()
                        .getLineNumber(trees.getSourcePositions().getStartPosition(unit, tree)),
                    type));
      }
    }

    private static boolean isClosed(TypeMirror type) {
      if (!(type instanceof DeclaredType declared)) {
        return false;
      }
      Element element = declared.asElement();
      return element.getKind() == ElementKind.ENUM
          || element.getModifiers().contains(Modifier.SEALED);
    }
  }

  // ---------------------------------------------------------------- inside

  /// What a rule looked at and what it found.
  private static final class Found {
    private final List<String> complaints = new ArrayList<>();
    private int looked;

    void look() {
      looked++;
    }

    void complain(String complaint) {
      complaints.add(complaint);
    }

    int looked() {
      return looked;
    }

    List<String> complaints() {
      return complaints;
    }
  }

  private record Compilation(JavacTask task) {
    static Compilation of(List<Path> files) {
      JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
      var manager = compiler.getStandardFileManager(null, null, null);
      List<String> options = List.of("-proc:none", "-cp", RepositoryFiles.classPath());
      return new Compilation(
          (JavacTask)
              compiler.getTask(
                  null,
                  manager,
                  _ -> {},
                  options,
                  null,
                  manager.getJavaFileObjectsFromPaths(files)));
    }
  }

  private static Path planted(Path folder, String source) throws IOException {
    return Files.writeString(folder.resolve("Planted.java"), source);
  }
}
