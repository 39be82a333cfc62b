import CMoEKernels
import CommandSupport
import MoEFormat
import MoERuntime

/// What a run cost, as scripts read it.
struct StatisticsReport {
    private let model: MoEModel
    private let layer: MoELayer?
    private let routing: Routing?
    private let seconds: Double

    init(_ model: MoEModel, layer: MoELayer? = nil, routing: Routing? = nil, seconds: Double) {
        self.model = model
        self.layer = layer
        self.routing = routing
        self.seconds = seconds
    }

    var json: JSONValue {
        let statistics = model.statistics
        var object: JSONObject = [
            "engine": .string(model.engine.rawValue),
            "instruction_set": .string(InstructionSet.name),
            "memory_budget": .integer(Int64(model.memoryBudget)),
        ]
        if let routing, let layer {
            let used = Set(routing.experts.joined()).sorted().filter { $0 < layer.expertCount }
            object["experts_used"] = .array(used.map { .integer(Int64($0)) })
            object["experts"] = .integer(Int64(layer.expertCount))
            object["tokens"] = .integer(Int64(routing.tokenCount))
        }
        object["hits"] = .integer(Int64(clamping: statistics.hits))
        object["misses"] = .integer(Int64(clamping: statistics.misses))
        object["bytes_read"] = .integer(Int64(clamping: statistics.bytesRead))
        object["router_bytes_read"] = .integer(Int64(clamping: statistics.routerBytesRead))
        object["blocks_loaded"] = .integer(Int64(clamping: statistics.blocksLoaded))
        object["chunks_decoded"] = .integer(Int64(clamping: statistics.chunksDecoded))
        object["bytes_resident"] = .integer(Int64(statistics.bytesResident))
        object["peak_resident"] = .integer(Int64(statistics.peakBytesResident))
        object["seconds"] = [
            "routing": .number(statistics.routingSeconds), "waiting": .number(statistics.waitingSeconds),
            "computing": .number(statistics.computingSeconds), "total": .number(seconds),
        ]
        return .object(object)
    }
}

/// The instruction set that the kernels use.
private enum InstructionSet {
    static var name: String {
        // A constant string of the kernels' library.
        unsafe String(cString: moe_isa_name())
    }
}
