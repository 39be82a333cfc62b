import MoEFormat

extension ModelDescription {
    /// Drops routers and functions that no layer names. Quantisation schemes stay: parts name them by number.
    mutating func dropUnused() {
        let (routers, functions) = (routers, functions)
        self.routers = []
        self.functions = []
        for bank in layers.indices {
            let router = index(of: routers[layers[bank].router])
            let function = index(of: functions[layers[bank].function])
            layers[bank].router = router
            layers[bank].function = function
            guard let shared = layers[bank].shared?.function else { continue }
            let number = index(of: functions[shared])
            layers[bank].shared?.function = number
        }
    }
}
