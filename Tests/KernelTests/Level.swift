import CMoEKernels
import Synchronization
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

    private static let turn = Mutex(())

    /// Runs `body` while the kernels use this level; one at a time, since the level is the process's.
    func use<Result>(_ body: () throws -> Result) rethrows -> Result {
        try Level.turn.withLock { _ in
            let before = moe_isa_level()
            moe_isa_force(isa)
            defer { moe_isa_force(before) }
            return try body()
        }
    }
}
