import CMoEKernels
import Testing

@Suite struct LevelTests {
    @Test func theBaselineIsAlwaysPossible() { #expect(moe_isa_possible(MOE_ISA_BASELINE)) }

    @Test(arguments: Level.possible)
    func aPossibleLevelCanBeForced(level: Level) { level.use { #expect(moe_isa_level() == level.isa) } }

    @Test func anUnknownLevelIsRefused() {
        Level.possible[0].use {
            #expect(!moe_isa_force(moe_isa(rawValue: 17)))
            #expect(moe_isa_level() == MOE_ISA_BASELINE)
        }
    }

    @Test func theNameFollowsTheLevel() {
        let names = Level.possible.map { level in level.use { String(cString: moe_isa_name()) } }
        #expect(Set(names).count == names.count)
        #if arch(arm64)
        #expect(names == ["neon"])
        #elseif arch(x86_64)
        #expect(names == ["sse2", "avx2", "avx512"].prefix(names.count).map { $0 })
        #endif
    }
}
