import Foundation
import MoEFormat
import MoERuntime
import Testing

/// A model, its threads and its descriptor go with their last user.
@Suite struct LifetimeTests {
    private static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "fixtures/written/mixtral.moe").path(
            percentEncoded: false)

    @Test func aModelGoesWithItsLastUser() throws {
        weak var gone: MoEModel?
        do {
            let model = try MoEModel(opening: Self.path)
            gone = model
            let layer = try model.layer(0)
            _ = try layer.forward([Float](repeating: 1, count: layer.hiddenSize), tokens: 1)
            try layer.prefetch(experts: [0, 1])
            try layer.withExperts([2]) { _ in }
        }
        #expect(gone == nil)
    }

    @Test func aLayerKeepsItsModel() throws {
        weak var model: MoEModel?
        do {
            let layer: MoELayer
            do {
                let opened = try MoEModel(opening: Self.path)
                model = opened
                layer = try opened.layer(0)
            }
            #expect(model != nil)
            _ = try layer.forward([Float](repeating: 1, count: layer.hiddenSize), tokens: 1)
        }
        #expect(model == nil)
    }

    /// A router is read once, however often its layer is asked for.
    @Test func aRouterIsReadOnce() throws {
        let model = try MoEModel(opening: Self.path)
        _ = try model.layer(0)
        let read = model.statistics.routerBytesRead
        #expect(read > 0)
        for _ in 0..<3 { _ = try model.layer(0) }
        #expect(model.statistics.routerBytesRead == read)
    }
}
