package plan

func (p *Plan) tarballs(in map[string]string) error { return nil }
