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
        let transposed = StoredPart.matrix(.routerWeight, [[Float]](repeating: [1, 2, 3, 4], count: 3), orientation: .rowsAreInputs)
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
            isRefused([Self.weight, .vector(.tokenExpertTable, [0, 1])], naming: "token_expert_table") { $0.kind = .hash })
        // A bias of shape [1, experts] is as good as one of [experts].
        _ = try tensors([Self.weight, .matrix(.selectionBias, [[1, 2, 3, 4]])]) { $0.selectionBias = .score }
    }

    /// The block that the parts came from may go: a router keeps its own copy.
    @Test func tensorsOutliveTheirBlock() throws {
        var generator = SeededGenerator(seed: 1)
        let rows = (0..<4).map { _ in generator.floats(3) }
        let x = generator.floats(3)
        let expected = try Router(
            RouterDescription(.topK, topK: 4), tensors: tensors([.matrix(.routerWeight, rows)]), experts: 4, hiddenSize: 3,
            name: "test"
        ).route(x, tokens: 1)
        let bytes = rows.flatMap { $0 }.flatMap { $0.bitPattern.bytes }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        unsafe memory.copyBytes(from: bytes)
        let borrowed = unsafe StoredElements(bytes: UnsafeRawBufferPointer(memory), dtype: .f32, count: 12)
        let router = try Router(
            RouterDescription(.topK, topK: 4),
            tensors: tensors([StoredPart(.routerWeight, StoredMatrix(borrowed, rowLength: 3))]), experts: 4, hiddenSize: 3,
            name: "test")
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0xff)
        unsafe memory.deallocate()
        #expect(try router.route(x, tokens: 1) == expected)
    }
}
