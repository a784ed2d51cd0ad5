package dev.weir.costs;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.DynamicCallSiteDesc;
import java.lang.constant.MethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// Loads Weir a second time, with every call to the engine led through [OperationCount]: what is
/// counted is what really runs, not what somebody thinks runs.
final class CountedClasses extends ClassLoader {
  private static final String OURS = "dev.weir.";
  private static final String CALLERS = "dev.weir.tensor.";
  private static final String ENGINE = "org/bytedeco/pytorch/";
  private static final ClassDesc COUNT = OperationCount.class.describeConstable().orElseThrow();

  private static final DirectMethodHandleDesc LINK =
      ConstantDescs.ofCallsiteBootstrap(
          COUNT, "link", ConstantDescs.CD_CallSite, ConstantDescs.CD_MethodHandle);

  CountedClasses() {
    super(OperationCount.class.getClassLoader());
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(OURS) || name.equals(OperationCount.class.getName())) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      return loaded == null ? define(name) : loaded;
    }
  }

  private Class<?> define(String name) throws ClassNotFoundException {
    String file = name.replace('.', '/') + ".class";
    try (InputStream in = getParent().getResourceAsStream(file)) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      byte[] plain = in.readAllBytes();
      byte[] bytes = name.startsWith(CALLERS) ? counted(plain) : plain;
      return defineClass(name, bytes, 0, bytes.length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] counted(byte[] plain) {
    ClassFile files = ClassFile.of();
    return files.transformClass(files.parse(plain), new Calls());
  }

  /// Changes the calls of one class.
  private static final class Calls implements ClassTransform {
    /// Methods of the engine that are passed as functions, by the name of the method put in front.
    private final Map<String, DirectMethodHandleDesc> passed = new LinkedHashMap<>();

    @Override
    public void accept(ClassBuilder builder, ClassElement element) {
      if (element instanceof MethodModel method) {
        builder.transformMethod(
            method,
            java.lang.classfile.MethodTransform.transformingCode((CodeTransform) this::changed));
      } else {
        builder.with(element);
      }
    }

    private void changed(CodeBuilder code, CodeElement element) {
      switch (element) {
        case InvokeInstruction call when isEngine(call) -> code.invokedynamic(site(handle(call)));
        case InvokeDynamicInstruction lambda -> code.invokedynamic(through(lambda));
        default -> code.with(element);
      }
    }

    private static boolean isEngine(InvokeInstruction call) {
      return call.owner().asInternalName().startsWith(ENGINE)
          && call.opcode() != Opcode.INVOKESPECIAL
          && call.typeSymbol().returnType().descriptorString().equals("L" + ENGINE + "Tensor;");
    }

    private static DirectMethodHandleDesc handle(InvokeInstruction call) {
      DirectMethodHandleDesc.Kind kind =
          call.opcode() == Opcode.INVOKESTATIC
              ? DirectMethodHandleDesc.Kind.STATIC
              : DirectMethodHandleDesc.Kind.VIRTUAL;
      return MethodHandleDesc.ofMethod(
          kind, call.owner().asSymbol(), call.name().stringValue(), call.typeSymbol());
    }

    private static DynamicCallSiteDesc site(DirectMethodHandleDesc engine) {
      return DynamicCallSiteDesc.of(LINK, engine.methodName(), engine.invocationType(), engine);
    }

    /// `torch::add` becomes a method of the class itself that makes the call.
    private DynamicCallSiteDesc through(InvokeDynamicInstruction lambda) {
      DynamicCallSiteDesc site =
          DynamicCallSiteDesc.of(
              lambda.bootstrapMethod(),
              lambda.name().stringValue(),
              lambda.typeSymbol(),
              lambda.bootstrapArgs().toArray(ConstantDesc[]::new));
      ConstantDesc[] changed =
          Arrays.stream(site.bootstrapArgs()).map(this::inFront).toArray(ConstantDesc[]::new);
      return site.withArgs(changed);
    }

    private ConstantDesc inFront(ConstantDesc argument) {
      if (argument instanceof DirectMethodHandleDesc handle
          && handle.kind() == DirectMethodHandleDesc.Kind.STATIC
          && handle.owner().descriptorString().startsWith("L" + ENGINE)) {
        String name = "counted$" + handle.methodName();
        passed.put(name, handle);
        return MethodHandleDesc.ofMethod(
            DirectMethodHandleDesc.Kind.STATIC, TENSOR, name, handle.invocationType());
      }
      return argument;
    }

    /// The class that passes the engine's methods as functions.
    private static final ClassDesc TENSOR = ClassDesc.of("dev.weir.tensor.Tensor");

    @Override
    public void atEnd(ClassBuilder builder) {
      passed.forEach((name, handle) -> {
        MethodTypeDesc type = handle.invocationType();
        builder.withMethodBody(
            name,
            type,
            ClassFile.ACC_STATIC | ClassFile.ACC_PRIVATE | ClassFile.ACC_SYNTHETIC,
            code -> {
              for (int i = 0; i < type.parameterCount(); i++) {
                code.aload(i);
              }
              code.invokedynamic(site(handle)).areturn();
            });
      });
    }
  }
}
