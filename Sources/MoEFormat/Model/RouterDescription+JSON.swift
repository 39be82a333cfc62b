extension RouterDescription {
    /// Reads a router as SPEC.md §9.2 writes it.
    package init(json: JSONValue) throws(FormatError) {
        try self.init(try ModelFields(json, at: .named("router")))
    }

    /// Reads a router object of the model section.
    ///
    /// - Throws: `FormatError` by R21, R25 or R26.
    init(_ fields: ModelFields) throws(FormatError) {
        do {
            try self.init(checking: fields)
        } catch let error as FormatError {
            throw error
        } catch let unknown as UnknownValue {
            // A description that is not required stays readable: only the layer cannot run.
            guard try !fields.flag("required", default: true) else {
                throw .broken(.requiredValue, "model description: \(unknown.message)")
            }
            self = .unsupported(unknown.message)
        } catch {
            throw .broken(.modelSchema, "model description: \(fields.path) cannot be read")
        }
    }

    private init(checking fields: ModelFields) throws {
        _ = try fields.flag("required", default: true)
        self.init(try fields.choice("kind"))
        reason = try fields.reason()
        if kind == .unsupported {
            guard reason != nil else {
                throw FormatError.broken(.modelSchema, "model description: \(fields.path(of: "reason")) is not there")
            }
            return
        }
        topK = try fields.integer("top_k", default: kind == .all ? 0 : kind == .expertChoice ? 1 : nil)
        score = try fields.choice("score")
        operandDtype = try fields.choice("operand_dtype", default: Precision.f32)
        logitDtype = try fields.choice("logit_dtype", default: Precision.f32)
        logitScale = try fields.number("logit_scale", default: 1)
        logitSoftcap = try fields.positive("logit_softcap")
        selectionBias = try fields.choice("selection_bias", default: SelectionBias.none)
        groups = try fields.fields("groups").map(Groups.init)
        normalization = try fields.fields("normalize").map(Normalization.init)
        scale = try fields.number("scale", default: 1)
        perExpertScale = try fields.flag("per_expert_scale")
        weightOn = try fields.choice("weight_on", default: WeightTarget.output)
        identityExperts = try fields.integer("identity_experts", default: 0)
        inputNorm = try fields.fields("input_norm").map(InputNorm.init)
        jitter = try fields.positive("jitter") ?? 0.01
        sharedInRouter = try fields.integer("shared_in_router", default: 0)
        noise = try fields.fields("noise").map { try $0.choice("kind") }
        capacity = try fields.fields("capacity").map(Capacity.init)
        let hasGroups = kind == .hierarchical
        groupSize = try fields.integer("group_size", default: hasGroups ? nil : 0)
        groupTopK = try fields.integer("group_top_k", default: hasGroups ? nil : 0)
        guard kind != .expertChoice || capacity != nil else {
            throw FormatError.broken(.modelSchema, "model description: \(fields.path(of: "capacity")) is not there")
        }
    }

    /// The router as an object of the model section; defaults are left out.
    var json: JSONValue {
        var object: JSONObject = ["kind": .string(kind.rawValue)]
        if let reason { object["reason"] = .string(reason) }
        if kind == .unsupported { return .object(object) }
        if kind != .all { object["top_k"] = .integer(Int64(topK)) }
        object["score"] = .string(score.rawValue)
        if operandDtype != .f32 { object["operand_dtype"] = .string(operandDtype.rawValue) }
        if logitDtype != .f32 { object["logit_dtype"] = .string(logitDtype.rawValue) }
        if logitScale != 1 { object["logit_scale"] = .number(logitScale) }
        if let logitSoftcap { object["logit_softcap"] = .number(logitSoftcap) }
        if selectionBias != .none { object["selection_bias"] = .string(selectionBias.rawValue) }
        object["groups"] = groups?.json
        object["normalize"] = normalization?.json
        if scale != 1 { object["scale"] = .number(scale) }
        if perExpertScale { object["per_expert_scale"] = true }
        if weightOn != .output { object["weight_on"] = .string(weightOn.rawValue) }
        if identityExperts != 0 { object["identity_experts"] = .integer(Int64(identityExperts)) }
        object["input_norm"] = inputNorm?.json
        if score == .sparsemixer { object["jitter"] = .number(jitter) }
        if sharedInRouter != 0 { object["shared_in_router"] = .integer(Int64(sharedInRouter)) }
        if let noise { object["noise"] = ["kind": .string(noise.rawValue)] }
        object["capacity"] = capacity?.json
        if kind == .hierarchical {
            object["group_size"] = .integer(Int64(groupSize))
            object["group_top_k"] = .integer(Int64(groupTopK))
        }
        return .object(object)
    }
}

extension RouterDescription.Groups {
    init(_ fields: ModelFields) throws {
        count = try fields.integer("count")
        kept = try fields.integer("kept")
        score = try fields.choice("score")
        fill = try fields.choice("fill", default: .negativeInfinity)
    }

    var json: JSONValue {
        [
            "count": .integer(Int64(count)), "kept": .integer(Int64(kept)), "score": .string(score.rawValue),
            "fill": .string(fill.rawValue),
        ]
    }
}

extension RouterDescription.Normalization {
    init(_ fields: ModelFields) throws {
        kind = try fields.choice("kind")
        epsilon = try fields.number("epsilon", default: 0)
        guard epsilon >= 0 else {
            throw FormatError.broken(
                .constants, "model description: \(fields.path(of: "epsilon")) is \(epsilon), below 0")
        }
        p = try fields.positive("p") ?? 1
    }

    var json: JSONValue {
        var object: JSONObject = ["kind": .string(kind.rawValue)]
        if epsilon != 0 { object["epsilon"] = .number(epsilon) }
        if p != 1 { object["p"] = .number(p) }
        return .object(object)
    }
}

extension RouterDescription.InputNorm {
    init(_ fields: ModelFields) throws {
        guard let epsilon = try fields.number("epsilon") else {
            throw FormatError.broken(.modelSchema, "model description: \(fields.path(of: "epsilon")) is not there")
        }
        guard epsilon >= 0 else {
            throw FormatError.broken(
                .constants, "model description: \(fields.path(of: "epsilon")) is \(epsilon), below 0")
        }
        self.epsilon = epsilon
        scale = try fields.number("scale", default: 1)
    }

    var json: JSONValue { ["epsilon": .number(epsilon), "scale": .number(scale)] }
}

extension RouterDescription.Capacity {
    init(_ fields: ModelFields) throws {
        rule = try fields.choice("rule")
        let isNeeded = rule == .fixed ? "tokens" : "factor"
        guard fields.has(isNeeded) else {
            throw FormatError.broken(.modelSchema, "model description: \(fields.path(of: isNeeded)) is not there")
        }
        factor = try fields.number("factor", default: 1)
        tokens = try fields.integer("tokens", default: 1)
        minimum = try fields.integer("minimum", default: 1)
        guard factor > 0 || rule != .factor, tokens >= 1, minimum >= 0 else {
            throw FormatError.broken(
                .constants,
                "model description: \(fields.path) has a factor of \(factor), \(tokens) tokens, at least \(minimum)")
        }
        order = try fields.choice("order", default: .token)
        renormalize = try fields.choice("renormalize", default: .before)
    }

    var json: JSONValue {
        var object: JSONObject = ["rule": .string(rule.rawValue)]
        if rule == .fixed { object["tokens"] = .integer(Int64(tokens)) } else { object["factor"] = .number(factor) }
        if minimum != 1 { object["minimum"] = .integer(Int64(minimum)) }
        if order != .token { object["order"] = .string(order.rawValue) }
        if renormalize != .before { object["renormalize"] = .string(renormalize.rawValue) }
        return .object(object)
    }
}
