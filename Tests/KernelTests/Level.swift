import CMoEKernels
import Testing

/// An instruction set that the kernels can use on this machine.
struct Level: CustomTestStringConvertible {
    let isa: moe_isa

    static let possible = [MOE_ISA_BASELINE, MOE_ISA_AVX2, MOE_ISA_AVX512].filter { moe_isa_possible($0) }.map(
        Level.init)

    /// Whether sums are made with fused multiply-adds: every level but the baseline of x86-64.
    var isFused: Bool {
        #if arch(x86_64)
        isa != MOE_ISA_BASELINE
        #else
        true
        #endif
    }

    var testDescription: String { "level \(isa.rawValue)" }

    /// Runs `body`, and what it calls on this thread, while the kernels use this level.
    func use<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = moe_isa_level()
        moe_isa_force(isa)
        defer { moe_isa_force(before) }
        return try body()
    }
}
