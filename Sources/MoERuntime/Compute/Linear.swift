internal import CMoEKernels
internal import CMoESystem
internal import MoESystem

/// A stored matrix times the hidden states of some tokens.
enum Linear {
    /// Computes `y[t][o] = Σ W[o][k] · x[t][k]` for all outputs: `x` is [tokens, inputs], `y` becomes [tokens, outputs].
    ///
    /// The bits of an output depend on its row and its token alone: not on the batch, not on `workers`. `x` may be longer
    /// than needed; `y` grows if it is shorter. Encodings that the kernels do not have go the portable way.
    static func multiply(
        _ matrix: WeightMatrix, _ x: [Float], tokens: Int, into y: inout [Float], scratch: inout LinearScratch,
        workers: Workers
    ) {
        y.reserve(floats: tokens * matrix.outputs)
        precondition(x.count >= tokens * matrix.inputs)
        guard tokens > 0, matrix.outputs > 0 else { return }
        guard let kernelWeight = unsafe matrix.kernelWeight else {
            PortableLinear.multiply(matrix, x, tokens: tokens, into: &y)
            return
        }
        let parts = parts(of: matrix, tokens: tokens, workers: workers)
        let workspaceBytes = unsafe withUnsafePointer(to: kernelWeight) {
            unsafe moe_linear_workspace($0, matrix.rowsAreInputs)
        }
        scratch.reserve(tile: moe_token_tile_count(tokens, matrix.inputs), workspace: parts.count * workspaceBytes)
        // The checks above make `x`, `y` and the tile as long as the kernel's contract says, `WeightMatrix` has checked
        // the weight's bytes, and each part writes outputs and uses a workspace of its own.
        unsafe x.withUnsafeBufferPointer { x in
            unsafe scratch.tile.withUnsafeMutableBufferPointer { tile in
                unsafe moe_token_tile_pack(x.baseAddress, matrix.inputs, nil, tokens, matrix.inputs, tile.baseAddress)
                unsafe y.withUnsafeMutableBufferPointer { y in
                    unsafe scratch.workspace.withUnsafeMutableBytes { workspace in
                        nonisolated(unsafe) let result = y.baseAddress
                        nonisolated(unsafe) let packed = unsafe UnsafePointer(tile.baseAddress)
                        nonisolated(unsafe) let workspace = workspace.baseAddress
                        nonisolated(unsafe) let weight = unsafe kernelWeight
                        let region = matrix.elements.region
                        workers.run(parts: parts.count) { part in
                            var call = unsafe moe_linear_call(
                                weight: weight, rows_are_inputs: matrix.rowsAreInputs, token_tile: packed,
                                tokens: tokens,
                                first_output: parts[part].lowerBound, outputs: parts[part].count,
                                result: result, result_stride: matrix.outputs,
                                workspace: workspace?.advanced(by: part * workspaceBytes))
                            guard let region else {
                                let isDone = unsafe moe_linear(&call)
                                precondition(isDone, "the kernels refused a matrix that was checked")
                                return
                            }
                            // Mapped weights: the file may have been cut short under us. The layer looks for the report.
                            let mapped = unsafe region.bytes
                            let outcome = unsafe moe_guard_run(mapped.baseAddress, mapped.count, moe_linear_body, &call)
                            if outcome == MOE_GUARD_FAULT { region.reportFault() }
                        }
                    }
                }
            }
        }
    }

    /// Below so many products, waking another thread costs more than it saves.
    private static let productsWorthSharing = 1 << 18

    /// The outputs cut into one run a worker, at multiples of 32.
    private static func parts(of matrix: WeightMatrix, tokens: Int, workers: Workers) -> [Range<Int>] {
        let products = matrix.inputs.multipliedReportingOverflow(by: matrix.outputs)
        guard workers.count > 1, products.overflow || products.partialValue >= productsWorthSharing / max(1, tokens)
        else {
            return [0..<matrix.outputs]
        }
        let blocks = (matrix.outputs - 1) / 32 + 1
        let count = min(workers.count, blocks)
        return (0..<count).map { part in
            (blocks * part / count * 32)..<min(blocks * (part + 1) / count * 32, matrix.outputs)
        }
    }
}

/// Memory that a product needs besides its operands; grows to what is asked for and is kept.
struct LinearScratch: Sendable {
    fileprivate var tile: [Float] = []
    fileprivate var workspace: [UInt8] = []

    fileprivate mutating func reserve(tile floats: Int, workspace bytes: Int) {
        tile.reserve(floats: floats)
        if workspace.count < bytes { workspace = [UInt8](repeating: 0, count: bytes) }
    }
}

extension [Float] {
    /// Makes room for `count` floats; what was there is not kept.
    mutating func reserve(floats count: Int) {
        if self.count < count { self = [Float](repeating: 0, count: count) }
    }
}

extension WeightMatrix {
    /// The matrix as the kernels take it, or nil for an encoding that they do not have.
    fileprivate var kernelWeight: moe_weight? {
        let kernelType: moe_weight_type
        switch type {
        case .f32: kernelType = MOE_WEIGHT_F32
        case .bf16: kernelType = MOE_WEIGHT_BF16
        case .f16: kernelType = MOE_WEIGHT_F16
        case .f64: kernelType = MOE_WEIGHT_F64
        case .f8E4M3: kernelType = MOE_WEIGHT_F8_E4M3
        case .f8E5M2: kernelType = MOE_WEIGHT_F8_E5M2
        case .f4LowFirst: kernelType = MOE_WEIGHT_F4_E2M1
        case .f4HighFirst, .i8, .u8: return nil
        }
        var weight = unsafe moe_weight(
            elements: elements.bytes.baseAddress, rows: rows, columns: columns, type: kernelType,
            scale_type: MOE_SCALE_NONE, scales: nil, block_rows: 0, block_columns: 0)
        if let scales {
            guard !scales.divides else { return nil }
            switch scales.kind {
            case .f32: unsafe weight.scale_type = MOE_SCALE_F32
            case .bf16: unsafe weight.scale_type = MOE_SCALE_BF16
            case .f16: unsafe weight.scale_type = MOE_SCALE_F16
            case .e8m0: unsafe weight.scale_type = MOE_SCALE_E8M0
            }
            unsafe weight.scales = unsafe scales.elements.bytes.baseAddress
            unsafe weight.block_rows = scales.blockRows
            unsafe weight.block_columns = scales.blockColumns
        }
        return unsafe weight
    }
}
