import Testing

@testable import MoEFormat
@testable import MoERuntime

@Suite struct ResidentsTests {
    private static let path = LookAheadTests.path

    /// Two blocks that were loaded ahead for layer 1.
    private static func expecting() throws -> (Residents, [ExpertBlock]) {
        let file = try ModelFile(opening: path)
        let blocks = try (0..<2).map { try file.expertBlock($0, of: file.banks[1]) }
        var residents = Residents()
        for block in blocks { residents.add(block, layer: 1, leases: 0, isExpected: true, guess: LookAhead.Guess()) }
        return (residents, blocks)
    }

    /// Between a run's begin and its leases a thread may take a block up: it must not find what the run uses unwanted.
    @Test func whatARunUsesIsExpectedUntilItIsLeased() throws {
        var (residents, blocks) = try Self.expecting()
        let guesses = residents.settle(layer: 1, using: [blocks[0].id])
        #expect(Set(guesses.map(\.block)) == Set(blocks.map(\.id)))
        #expect(residents[blocks[0].id]?.isExpected == true)
        #expect(residents[blocks[1].id]?.isExpected == false)
        #expect(residents.expectedBytes == blocks[0].bytes)
        residents.lease(blocks[0].id)
        #expect(residents[blocks[0].id]?.isExpected == false)
        #expect(residents[blocks[0].id]?.leases == 1)
        #expect(residents.expectedBytes == 0)
    }

    @Test func theRunOfAnotherLayerSettlesNothing() throws {
        var (residents, blocks) = try Self.expecting()
        #expect(residents.settle(layer: 0, using: [blocks[0].id]).isEmpty)
        #expect(residents.expectedBytes == blocks.reduce(0) { $0 + $1.bytes })
    }
}
