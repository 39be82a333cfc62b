import MoEFormat
import Testing

@testable import MoERuntime

/// What a router needs and does not find is refused by rule R28.
@Suite struct RouterTensorsTests {
    static let weight = StoredPart.matrix(.routerWeight, [[Float]](repeating: [1, 2, 3], count: 4))

    private func tensors(
        _ parts: [StoredPart], _ change: (inout RouterDescription) -> Void = { _ in }
    ) throws -> RouterTensors {
        var router = RouterDescription(.topK, topK: 2)
        change(&router)
        return try RouterTensors(parts, router: router, experts: 4, hidden: 3, name: "layer 0")
    }

    private func isRefused(
        _ parts: [StoredPart], naming name: String, _ change: (inout RouterDescription) -> Void = { _ in }
    ) -> Bool {
        do {
            _ = try tensors(parts, change)
            return false
        } catch let error as FormatError {
            return error.rule == Rule(rawValue: 28) && error.message.contains(name) && error.message.contains("layer 0")
        } catch {
            return false
        }
    }

    @Test func theWeightMustBeThereAndFit() throws {
        _ = try tensors([Self.weight])
        #expect(isRefused([], naming: "router_weight"))
        #expect(isRefused([Self.weight, Self.weight], naming: "router_weight"))
        #expect(isRefused([Self.weight], naming: "router_weight") { $0.identityExperts = 1 })
        #expect(isRefused([Self.weight], naming: "router_weight") { $0.sharedInRouter = 2 })
        #expect(isRefused([.matrix(.routerWeight, [[1, 2, 3, 4]])], naming: "router_weight"))
        let transposed = StoredPart.matrix(
            .routerWeight, [[Float]](repeating: [1, 2, 3, 4], count: 3), orientation: .rowsAreInputs)
        _ = try tensors([transposed])
    }

    @Test func whatTheDescriptionNamesMustBeThere() throws {
        #expect(isRefused([Self.weight], naming: "selection_bias") { $0.selectionBias = .score })
        #expect(isRefused([Self.weight], naming: "per_expert_scale") { $0.perExpertScale = true })
        #expect(isRefused([Self.weight], naming: "router_noise_weight") { $0.noise = .softplus })
        #expect(isRefused([Self.weight], naming: "token_expert_table") { $0.kind = .hash })
        #expect(
            isRefused([Self.weight], naming: "group_router_weight") {
                $0.kind = .hierarchical
                $0.groupSize = 2
            })
        #expect(isRefused([Self.weight, .vector(.routerBias, [1, 2, 3])], naming: "router_bias"))
        #expect(isRefused([Self.weight, .vector(.routerGlobalScale, [1, 2])], naming: "router_global_scale"))
        #expect(
            isRefused([Self.weight, .vector(.tokenExpertTable, [0, 1])], naming: "token_expert_table") {
                $0.kind = .hash
            })
        // A bias of shape [1, experts] is as good as one of [experts].
        _ = try tensors([Self.weight, .matrix(.selectionBias, [[1, 2, 3, 4]])]) { $0.selectionBias = .score }
    }

    private static func hierarchical(_ router: inout RouterDescription) {
        router.kind = .hierarchical
        router.groupSize = 2
        router.groupTopK = 2
        router.topK = 1
        router.noise = .softplus
    }

    /// Whether the rows of second gates lie in one part or in one a group changes no bit, whichever way they lie.
    @Test(arguments: [Orientation.rowsAreOutputs, .rowsAreInputs])
    func secondGatesMayLieByGroup(_ orientation: Orientation) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        func matrix(_ role: Role, _ rows: some Sequence<[Float]>) -> StoredPart {
            let rows = Array(rows)
            let stored = orientation == .rowsAreOutputs ? rows : (0..<3).map { column in rows.map { $0[column] } }
            return .matrix(role, stored, orientation: orientation)
        }
        let weight = (0..<4).map { _ in generator.floats(3) }
        let noise = (0..<4).map { _ in generator.floats(3) }
        let x = generator.floats(15)
        let first = [Role.groupRouterWeight, .groupRouterNoiseWeight].map {
            matrix($0, [generator.floats(3), generator.floats(3)])
        }
        let whole =
            first + [
                matrix(.routerWeight, weight), .vector(.routerBias, [1, 2, 3, 4]), matrix(.routerNoiseWeight, noise),
            ]
        // Other roles may lie between the parts of one.
        let byGroup =
            [
                matrix(.routerWeight, weight[..<2]), .vector(.routerBias, [1, 2]),
                matrix(.routerNoiseWeight, noise[..<2]),
            ] + first
            + [
                .vector(.routerBias, [3, 4]), matrix(.routerNoiseWeight, noise[2...]),
                matrix(.routerWeight, weight[2...]),
            ]
        var description = RouterDescription(.hierarchical)
        Self.hierarchical(&description)
        var options = RoutingOptions()
        options.noiseSeed = seed
        let routings = try [whole, byGroup].map { parts in
            try Router(
                description, tensors: tensors(parts, Self.hierarchical), experts: 4, hiddenSize: 3, name: "test"
            ).route(x, tokens: 5, options: options)
        }
        #expect(routings[0] == routings[1], "seed \(seed)")
    }

    @Test func secondGatesAreOneOrAsManyAsGroups() throws {
        let first = StoredPart.matrix(.groupRouterWeight, [[1, 2, 3], [1, 2, 3]])
        let gate = StoredPart.matrix(.routerWeight, [[1, 2, 3], [4, 5, 6]])
        func withoutNoise(_ router: inout RouterDescription) {
            Self.hierarchical(&router)
            router.noise = nil
        }
        _ = try tensors([gate, gate, first], withoutNoise)
        #expect(isRefused([gate, first], naming: "router_weight", withoutNoise))
        #expect(isRefused([gate, gate, gate, first], naming: "3 parts of router_weight for 2 groups", withoutNoise))
        #expect(isRefused([gate, gate, first, first], naming: "group_router_weight", withoutNoise))
        #expect(isRefused([gate, .matrix(.routerWeight, [[1, 2, 3]]), first], naming: "of group 1", withoutNoise))
        #expect(
            isRefused(
                [gate, gate, first, .vector(.routerBias, [1]), .vector(.routerBias, [1, 2])], naming: "router_bias",
                withoutNoise))
        #expect(isRefused([gate, gate, first], naming: "router_noise_weight", Self.hierarchical))
        // Rows of shared experts have no group to lie with.
        #expect(
            isRefused([gate, gate, first], naming: "router_weight") {
                withoutNoise(&$0)
                $0.sharedInRouter = 1
            })
    }

    /// The block that the parts came from may go: a router keeps its own copy.
    @Test func tensorsOutliveTheirBlock() throws {
        var generator = SeededGenerator(seed: 1)
        let rows = (0..<4).map { _ in generator.floats(3) }
        let x = generator.floats(3)
        let expected = try Router(
            RouterDescription(.topK, topK: 4), tensors: tensors([.matrix(.routerWeight, rows)]), experts: 4,
            hiddenSize: 3,
            name: "test"
        ).route(x, tokens: 1)
        let bytes = rows.flatMap { $0 }.flatMap { $0.bitPattern.bytes }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        unsafe memory.copyBytes(from: bytes)
        let borrowed = unsafe StoredElements(bytes: UnsafeRawBufferPointer(memory), dtype: .f32, count: 12)
        let router = try Router(
            RouterDescription(.topK, topK: 4),
            tensors: tensors([StoredPart(.routerWeight, StoredMatrix(borrowed, rowLength: 3))]), experts: 4,
            hiddenSize: 3,
            name: "test")
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0xff)
        unsafe memory.deallocate()
        #expect(try router.route(x, tokens: 1) == expected)
    }
}
